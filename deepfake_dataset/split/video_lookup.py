"""Finds the video that a person names by id, by path, or by the end of its path."""

from collections import defaultdict

from deepfake_dataset.errors import SplitError
from deepfake_dataset.split.video_table import VideoTable


class VideoLookup:
    """Finds videos by id, by path, or by the end of the path."""

    def __init__(self, videos: VideoTable) -> None:
        self._known: dict[str, list[int]] = defaultdict(list)
        for i, (video_id, path) in enumerate(zip(videos.ids, videos.paths, strict=True)):
            self._known[video_id].append(i)
            for end in _path_ends(path):
                self._known[end].append(i)
        self._whole = {path: i for i, path in enumerate(videos.paths)}

    def find(self, name: str) -> list[int]:
        """Positions of all videos that the name may mean."""
        if name in self._whole:
            return [self._whole[name]]
        return self._known.get(name, [])


def _path_ends(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[i:]) for i in range(len(parts))]


def find_video(name: str, videos: VideoTable) -> int:
    """The one video that a person means; by id, by path, or by the end of its path.

    Raises SplitError where there is none, or more than one.
    """
    found = VideoLookup(videos).find(name)
    if len(found) == 1:
        return found[0]
    if found:
        listed = ", ".join(videos.paths[i] for i in found[:3])
        raise SplitError(f"{name} may be {listed}", "write more of the path")
    raise SplitError(
        f"no video with faces to split is called {name}",
        "name it as dsbuild sheet does: by id, by path, or by the end of its path",
    )

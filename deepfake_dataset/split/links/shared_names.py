"""Links videos that share a target, a donor or a file name, however it is spelt."""

import unicodedata
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

from deepfake_dataset.split.links.must_link import Role, SharedKey
from deepfake_dataset.split.video_table import VideoTable

Members = list[tuple[int, Role]]
"""Positions of videos, and how each comes by what they share."""


def fold_name(name: str) -> str:
    """The same text for names that differ in case or in how a letter is composed."""
    return unicodedata.normalize("NFC", name).casefold().strip()


def position_matcher(positions: Iterable[str]) -> Callable[[str], bool]:
    """Tells of a folded name whether it is a camera position, which is nobody's name.

    ``positions`` are names, or patterns of them.
    """
    patterns = [fold_name(position) for position in positions]
    return lambda name: any(fnmatchcase(name, pattern) for pattern in patterns)


def shared_names(
    videos: VideoTable, positions: Collection[str]
) -> Iterator[tuple[SharedKey, Members]]:
    """Names that two videos or more have, in order; positions are left out.

    A file's name counts where no target is known, and for all files of that name then: one of
    them may be the original of which the other was forged.
    """
    members, spelling = _holders_of_names(videos)
    is_position = position_matcher(positions)
    for name in sorted(members):
        several = len({video for video, _ in members[name]}) > 1
        if several and not is_position(name):
            yield SharedKey(spelling[name]), members[name]


def _holders_of_names(videos: VideoTable) -> tuple[dict[str, Members], dict[str, str]]:
    """The videos that have each folded name, and the name as it was first spelt."""
    members: dict[str, Members] = defaultdict(list)
    spelling: dict[str, str] = {}
    stems = [PurePosixPath(path).stem for path in videos.paths]
    nameless = {fold_name(s) for s, target in zip(stems, videos.targets, strict=True) if not target}
    named = zip(videos.targets, videos.donors, stems, strict=True)
    for video, names in enumerate(named):
        for role, name in zip((Role.TARGET, Role.DONOR, Role.FILE), names, strict=True):
            folded = fold_name(name)
            if folded and (role is not Role.FILE or not names[0] or folded in nameless):
                members[folded].append((video, role))
                spelling.setdefault(folded, name)
    return members, spelling

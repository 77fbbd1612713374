"""Finds the faces of a scene in sampled frames, and says why a sampled frame gave none."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from deepfake_dataset.faces.detection_windows import FaceSearch
from deepfake_dataset.faces.detectors import Detection
from deepfake_dataset.faces.tracking import Track, find_nearby, find_tracks, pick_target
from deepfake_dataset.records import Box, MissReason
from deepfake_dataset.shots.sampling import pick_spread
from deepfake_dataset.video.frame import Frame


@dataclass(frozen=True, slots=True)
class SampledFace:
    """A face found in one sampled frame."""

    frame: Frame
    track: int
    """Counted from 0 within the scene."""
    detection: Detection
    start: Box
    """Where the search for landmarks starts."""


@dataclass(frozen=True, slots=True)
class SceneFaces:
    """The faces found in a scene's sampled frames, and the frames without one."""

    faces: tuple[SampledFace, ...]
    """In order of frames, then tracks."""
    misses: tuple[tuple[Frame, MissReason], ...]
    tracks: int


def find_scene_faces(held: Sequence[Frame], wanted: int, search: FaceSearch) -> SceneFaces:
    """Sample ``wanted`` of the frames held, evenly, and find the faces in them.

    A sample without the face that the scene is about is a miss; the nearest frame held
    between its neighbours that does show the face is taken as well.
    """
    chosen = pick_spread(held, wanted)
    samples = [held[i] for i in chosen]
    tracks = find_tracks(samples, search)
    if not tracks:
        return SceneFaces((), tuple((frame, MissReason.NO_FACE) for frame in samples), 0)
    target = pick_target(tracks, len(samples))
    kept = tracks if search.every_face else [target]
    missed = [i for i in range(len(samples)) if not any(i in track.seen for track in kept)]
    faces = [
        SampledFace(frame, number, track.seen[i], track.steady_box(i))
        for i, frame in enumerate(samples)
        for number, track in enumerate(kept)
        if i in track.seen
    ]
    faces += _stand_ins(held, chosen, missed, target, kept.index(target), search)
    return SceneFaces(
        tuple(sorted(faces, key=lambda s: (s.frame.index, s.track))),
        tuple((samples[i], _reason(tracks, i)) for i in missed),
        len(kept),
    )


def _reason(tracks: Sequence[Track], sample: int) -> MissReason:
    others = any(sample in track.seen for track in tracks)
    return MissReason.NOT_TARGET if others else MissReason.NO_FACE


def _stand_ins(
    held: Sequence[Frame],
    chosen: Sequence[int],
    missed: Sequence[int],
    target: Track,
    number: int,
    search: FaceSearch,
) -> Iterator[SampledFace]:
    """For each missed sample, the nearest spare frame that shows the target, if one does."""
    used = set(chosen)
    for sample in missed:
        nearest = target.nearest(sample)
        known = replace(target.seen[nearest], box=target.steady_box(nearest))
        for spare in _spares(len(held), chosen, sample):
            if spare in used:
                continue
            used.add(spare)
            found = find_nearby(held[spare], known, search)
            if found:
                yield SampledFace(held[spare], number, found, found.box.resized(known.box.width))
                break


def _spares(count: int, chosen: Sequence[int], sample: int) -> list[int]:
    """Positions between a sample's neighbours, nearest first."""
    here = chosen[sample]
    first = chosen[sample - 1] + 1 if sample > 0 else 0
    last = chosen[sample + 1] if sample + 1 < len(chosen) else count
    return sorted(set(range(first, last)) - {here}, key=lambda i: (abs(i - here), i))

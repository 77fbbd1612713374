"""How many planted faults stand in the first part of the review queue.

    python benchmarks/review_planted_faults.py DATASET [--seed N] [--share 0.05] [--first 0.1]
        [--run 1]

DATASET is copied; its sources must lie where they were found. In ``share`` of its faces one
fault of five kinds is planted, the same number of each: the face is cut anew from its source
frame with box and landmarks shifted (by a quarter to six tenths of the box's width), scaled
(by 1.35 to 1.8, up or down) or rotated (by 20° to 60°); a piece of the frame without the face
takes its place, with the landmarks that the model sees in it; or another video's crop does.
The detector's score stays that of the face, so that nothing is given away. Then the queue is
made, and what is in the ``first`` part of it is counted, kind by kind.
"""

import argparse
import hashlib
import math
import shutil
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from deepfake_dataset.commands.review import refresh_queue
from deepfake_dataset.dataset.dataset import Dataset
from deepfake_dataset.faces.crop import FaceCrop, crop_face
from deepfake_dataset.faces.detectors import Detection
from deepfake_dataset.faces.landmarks import find_landmarks
from deepfake_dataset.records import Box, Face, Video
from deepfake_dataset.sources.locate import find_source
from deepfake_dataset.video.decode import Decoder
from deepfake_dataset.video.frame import Frame

Points = NDArray[np.float64]
OTHER = "other person"


@dataclass(frozen=True)
class Plant:
    """A face to be spoilt."""

    video: Video
    face: Face
    kind: str
    seed: int
    """Of its chances; faces of one run share it, and so their fault."""
    place: int
    """In its run, from 0."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("dataset", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--share", type=float, default=0.05)
    parser.add_argument("--first", type=float, default=0.1)
    parser.add_argument("--run", type=int, default=1, help="faces in a row with one fault")
    parser.add_argument("--keep", type=Path, help="leave the spoilt dataset here")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = given.keep or Path(folder) / "dataset"
        shutil.copytree(given.dataset, place)
        planted = plant(
            Dataset.open(place), given.share, given.run, np.random.default_rng(given.seed)
        )
        began = time.perf_counter()
        queue = refresh_queue(place)
        took = time.perf_counter() - began
        report(queue.faces["face_id"].to_pylist(), planted, given.first)
        print(f"queue of {queue.faces.num_rows} faces made in {took:.1f} s")


def report(ranked: list[str], planted: dict[str, str], first: float) -> None:
    count = round(first * len(ranked))
    shown = set(ranked[:count])
    kinds = defaultdict(list)
    for face_id, kind in planted.items():
        kinds[kind].append(face_id in shown)
        kinds["all"].append(face_id in shown)
    print(f"{len(ranked)} faces, {len(planted)} faults; in the first {count} of the queue:")
    for kind, hits in kinds.items():
        if kind != "all":
            print(f"  {kind:<12} {sum(hits):>3} of {len(hits):>3}")
    print(
        f"  {'all':<12} {sum(kinds['all']):>3} of {len(kinds['all']):>3}"
        f"  {100 * np.mean(kinds['all']):.1f} %"
    )


def plant(dataset: Dataset, share: float, run: int, rng: np.random.Generator) -> dict[str, str]:
    """Spoil faces, ``run`` of a track in a row; gives the kind of fault by face id."""
    videos = [video for video in dataset.videos() if video.faces]
    all_faces = [(video, face) for video in videos for face in video.faces]
    crops = {
        face.face_id: dataset.face_path(video.video_id, face.face_id).read_bytes()
        for video, face in all_faces
    }
    plants = _choose(all_faces, round(share * len(all_faces)), run, rng)
    made: dict[str, str] = {}
    for video in videos:
        own = {p.face.face_id: p for p in plants if p.video is video}
        swapped = [_swap(p, all_faces, crops) for p in own.values() if p.kind == OTHER]
        recut = _recut(dataset, [p for p in own.values() if p.kind != OTHER])
        new = {portrait.face.face_id: portrait for portrait in (*swapped, *recut)}
        for face_id, portrait in new.items():
            dataset.face_path(video.video_id, face_id).write_bytes(portrait.png)
            made[face_id] = own[face_id].kind
        faces = tuple(new[f.face_id].face if f.face_id in new else f for f in video.faces)
        dataset.rewrite(replace(video, faces=faces))
    return made


def _choose(
    all_faces: list[tuple[Video, Face]], count: int, run: int, rng: np.random.Generator
) -> list[Plant]:
    """Runs of faces, no two of them the same, kinds in turn."""
    kinds = [*KINDS, OTHER]
    plants: dict[str, Plant] = {}
    number = 0
    while len(plants) < count:
        start, seed = int(rng.integers(len(all_faces))), int(rng.integers(1 << 30))
        wanted = all_faces[start : start + run]
        tracks = {(video.video_id, face.track) for video, face in wanted}
        if len(wanted) < run or len(tracks) > 1 or any(f.face_id in plants for _, f in wanted):
            continue
        for place, (video, face) in enumerate(wanted):
            plants[face.face_id] = Plant(video, face, kinds[number % len(kinds)], seed, place)
        number += 1
    return list(plants.values())


def _swap(spoilt: Plant, all_faces: list[tuple[Video, Face]], crops: dict[str, bytes]) -> FaceCrop:
    """Another video's crop at this face's place; in a run, one after the other of its crops."""
    others = [face for video, face in all_faces if _unrelated(video, spoilt.video)]
    first = int(np.random.default_rng(spoilt.seed).integers(len(others)))
    other = others[(first + spoilt.place) % len(others)]
    png = crops[other.face_id]
    face = replace(
        spoilt.face,
        sharpness=other.sharpness,
        brightness=other.brightness,
        sha256=hashlib.sha256(png).hexdigest(),
    )
    return FaceCrop(face, png)


def _unrelated(one: Video, other: Video) -> bool:
    """Not the same video, nor a forgery with the same person by what the dataset knows."""
    a, b = one.provenance, other.provenance
    people = [{p.target, p.donor} - {""} for p in (a, b)]
    return one.video_id != other.video_id and not people[0] & people[1]


def _recut(dataset: Dataset, plants: list[Plant]) -> Iterator[FaceCrop]:
    if not plants:
        return
    by_frame = defaultdict(list)
    for spoilt in plants:
        by_frame[spoilt.face.frame].append(spoilt)
    source = find_source(dataset, plants[0].video.video_id)
    if source is None:
        raise SystemExit(f"the source of {plants[0].video.path} is not where it was found")
    with Decoder(source, 70_000_000) as decoder:
        for frame in decoder.frames():
            for spoilt in by_frame.get(frame.index, ()):
                yield _spoil(dataset, frame, spoilt)


def _spoil(dataset: Dataset, frame: Frame, spoilt: Plant) -> FaceCrop:
    rng = np.random.default_rng(spoilt.seed)
    face = spoilt.face
    points = np.array(face.landmarks).reshape(-1, 2)
    box, moved = KINDS[spoilt.kind](frame, face.box, points, rng)
    return crop_face(
        frame,
        moved,
        Detection(box, face.score),
        dataset.settings.extract,
        name=face.face_id,
        scene=face.scene,
        track=face.track,
    )


def _shift(_: Frame, box: Box, points: Points, rng: np.random.Generator) -> tuple[Box, Points]:
    angle, by = rng.uniform(0, 2 * math.pi), rng.uniform(0.25, 0.6) * box.width
    x, y = by * math.cos(angle), by * math.sin(angle)
    return Box(box.left + x, box.top + y, box.right + x, box.bottom + y), points + np.array([x, y])


def _scale(_: Frame, box: Box, points: Points, rng: np.random.Generator) -> tuple[Box, Points]:
    by = rng.uniform(1.35, 1.8) ** rng.choice([-1, 1])
    middle = np.array(box.center)
    return box.resized(box.width * by), (points - middle) * by + middle


def _rotate(_: Frame, box: Box, points: Points, rng: np.random.Generator) -> tuple[Box, Points]:
    turn = math.radians(rng.uniform(20, 60) * rng.choice([-1, 1]))
    matrix = np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]])
    middle = points.mean(axis=0)
    return box, (points - middle) @ matrix.T + middle


def _background(
    frame: Frame, box: Box, points: Points, rng: np.random.Generator
) -> tuple[Box, Points]:
    """A square clear of the face, smaller than it where the frame has no room."""
    for attempt in range(400):
        side = box.width * 0.97 ** (attempt / 4)
        x, y = rng.uniform(0, frame.width - side), rng.uniform(0, frame.height - side)
        there = Box(x, y, x + side, y + side)
        if there.overlap(box) == 0:
            break
    return there, find_landmarks(frame, there, len(points))


KINDS: dict[str, Callable[[Frame, Box, Points, np.random.Generator], tuple[Box, Points]]] = {
    "shifted": _shift,
    "scaled": _scale,
    "rotated": _rotate,
    "background": _background,
}


if __name__ == "__main__":
    main()

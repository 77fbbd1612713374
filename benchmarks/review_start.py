"""How long ``dsbuild review`` takes until its address is there.

    python benchmarks/review_start.py DATASET [FACES]

Makes up a dataset of that many faces (100,000 unless told) of the records and measurements of
another, which is reviewed first if it never was, each copy moved and worn a little so that no
two faces are the same. Crops are left out: they were all measured. Prints the time from the
command to the address when nothing was scored yet, when nothing has changed, and with one more
video.
"""

import hashlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from deepfake_dataset.commands.review import refresh_queue
from deepfake_dataset.dataset.dataset import Dataset
from deepfake_dataset.dataset.face_table import read_faces
from deepfake_dataset.records import Face, Video
from deepfake_dataset.review.measurement_cache import MeasurementCache


def main() -> None:
    source = Dataset.open(Path(sys.argv[1]))
    faces = int(sys.argv[2]) if len(sys.argv) > 2 else 100_000
    refresh_queue(source.root)
    with tempfile.TemporaryDirectory() as folder:
        made = Dataset.create(Path(folder) / "ds", source.settings)
        videos = copies(source)
        origins = dict(fill(made, videos, faces))
        keep_measurements(source, made, origins)
        read_faces(made)
        print(f"{read_faces(made).num_rows} faces of {len(origins)} videos; address after")
        print(f"  {address_after(made):.2f} s  nothing scored yet")
        print(f"  {address_after(made):.2f} s  nothing changed")
        origins |= dict(fill(made, videos, 1))
        keep_measurements(source, made, origins)
        print(f"  {address_after(made):.2f} s  one more video")


def address_after(dataset: Dataset) -> float:
    began = time.perf_counter()
    command = [Path(sys.executable).with_name("dsbuild"), "review", "--no-browser", "-d"]
    with subprocess.Popen([*command, dataset.root], stderr=subprocess.PIPE, text=True) as page:
        assert page.stderr is not None
        next(line for line in page.stderr if "http://" in line)
        took = time.perf_counter() - began
        page.terminate()
    return took


def copies(source: Dataset) -> Iterator[tuple[str, Video]]:
    """Videos without end, each with the id of the one that it is a copy of."""
    videos = [video for video in source.videos() if video.faces]
    for number in count():
        rng = np.random.default_rng(number)
        for video in videos:
            video_id = digest(number, video.video_id)[: len(video.video_id)]
            faces = tuple(worn(face, video.video_id, video_id, rng) for face in video.faces)
            path = f"{number}/{video.path}"
            yield video.video_id, replace(video, video_id=video_id, path=path, faces=faces)


def worn(face: Face, old: str, new: str, rng: np.random.Generator) -> Face:
    """Half a pixel off."""
    marks = tuple((np.array(face.landmarks) + rng.normal(0, 0.5, len(face.landmarks))).tolist())
    face_id = face.face_id.replace(old, new)
    return replace(face, face_id=face_id, landmarks=marks, sha256=digest(new, face.sha256))


def digest(*words: object) -> str:
    return hashlib.sha256(" ".join(map(str, words)).encode()).hexdigest()


def fill(
    dataset: Dataset, videos: Iterator[tuple[str, Video]], faces: int
) -> Iterator[tuple[str, str]]:
    """Write records until there are so many faces more; gives new ids with the old ones."""
    while faces > 0:
        old, video = next(videos)
        dataset.rewrite(video)
        faces -= len(video.faces)
        yield video.video_id, old


def keep_measurements(source: Dataset, made: Dataset, origins: dict[str, str]) -> None:
    """Let the measurements be known, as if the crops had been measured."""
    faces = read_faces(source)
    known = MeasurementCache.of(source, faces).with_new({})
    own = {old: known.filter(pc.equal(faces["video_id"], old)) for old in set(origins.values())}
    cache = MeasurementCache.of(made, read_faces(made))
    measurements = {}
    for new, old in origins.items():
        ids = pc.replace_substring(own[old]["face_id"], old, new)
        measurements[new] = own[old].set_column(0, "face_id", ids)
    cache.with_new({new: pa.table(measurements[new]) for new in cache.missing()})


if __name__ == "__main__":
    main()

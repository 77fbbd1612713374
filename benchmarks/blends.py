"""How many frames that show two shots at once are sampled, in films whose joins are all blended.

    python benchmarks/blends.py [FOLDER] [--half dev|held|all] [--films N] [--seed N]

The films of ``films.py``, every join a dissolve or a cut with one or two blended frames. Prints
how many of the frames that hold .15 to .85 of both shots gave a face.
"""

import argparse
import hashlib
import random
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import films

from deepfake_dataset import extract as extraction
from deepfake_dataset.dataset.dataset import Dataset
from deepfake_dataset.records import Provenance, Video, VideoFile
from deepfake_dataset.settings import Settings

LEAST = 0.15
AT_A_CUT = 2
"""Joins of so many blended frames are cuts, longer ones dissolves."""


@dataclass
class Tally:
    """Joins that were found, the frames blended in them, and those that gave a face."""

    joins: int = 0
    blended: int = 0
    sampled: int = 0


def draw(clips: list[films.Clip], seed: int) -> films.Film:
    rng, film = random.Random(seed), films.draw_film(clips, seed)
    joins = [
        films.Join("dissolve", rng.choice([1, 1, 2, rng.randint(8, 27), rng.randint(8, 27)]))
        for _ in film.joins
    ]
    return replace(film, joins=joins, drop=0)


def extract(path: Path, dataset: Dataset) -> Video:
    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    file = VideoFile(digest, str(path), path.name, path.stat().st_size, Provenance())
    return extraction.extract_video(file, dataset)


def blended(join: films.AngleTruth) -> set[int]:
    """Frames of a join that hold much of both shots."""
    length = join.last - join.first
    shares = {join.first + i: (i + 1) / (length + 1) for i in range(length)}
    return {frame for frame, share in shares.items() if LEAST <= share <= 1 - LEAST}


def main() -> None:
    parser = argparse.ArgumentParser()
    shared = Path(__file__).resolve().parents[2] / "shared" / "data" / "videos"
    parser.add_argument("folder", type=Path, nargs="?", default=shared)
    parser.add_argument("--half", choices=["dev", "held", "all"], default="held")
    parser.add_argument("--films", type=int, default=24)
    parser.add_argument("--seed", type=int, default=1000)
    asked = parser.parse_args()
    clips = films.read_clips(asked.folder, asked.half)
    tallies = {"cuts": Tally(), "dissolves": Tally()}
    faces = unfound = 0
    with tempfile.TemporaryDirectory() as folder:
        dataset = Dataset.create(Path(folder, "dataset"), Settings())
        for seed in range(asked.seed, asked.seed + asked.films):
            film, path = draw(clips, seed), Path(folder, f"{seed}.mp4")
            film.encode(path)
            record = extract(path, dataset)
            faces += len(record.faces)
            starts = [scene.start_frame for scene in record.scenes]
            for join in film.truth().angle:
                if not any(join.first - 1 <= start <= join.last + 1 for start in starts):
                    unfound += 1
                    continue
                kind = "cuts" if join.last - join.first <= AT_A_CUT else "dissolves"
                tally, frames = tallies[kind], blended(join)
                tally.joins += 1
                tally.blended += len(frames)
                tally.sampled += len(frames & {face.frame for face in record.faces})
    print(f"{faces} faces; {unfound} joins were not found and are not counted")
    for kind, tally in tallies.items():
        print(f"{tally.joins} {kind}: {tally.sampled} of {tally.blended} blended frames sampled")


if __name__ == "__main__":
    main()

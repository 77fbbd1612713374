"""How many frames are not decoded as nobody needs them, and what that saves.

    python benchmarks/sparing.py [VIDEOS…]

CPU seconds of decoding alone, every frame and those needed in turns, the cheapest of some runs.
"""

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from extract import clips

from deepfake_dataset.extract import frame_needs
from deepfake_dataset.settings import ExtractSettings
from deepfake_dataset.video.decode import Decoder, Tally
from deepfake_dataset.video.frame_skipping import FrameNeeds

MOST_PIXELS = 70_000_000


@dataclass
class Saving:
    """What one clip, or all of them, take."""

    frames: int = 0
    spared: int = 0
    whole_s: float = 0.0
    needed_s: float = 0.0

    def line(self, name: str) -> str:
        share = 1 - self.needed_s / max(1e-9, self.whole_s)
        return (
            f"{name[:44]:44} {self.frames:6} {self.spared:6} {self.whole_s:7.2f}"
            f" {self.needed_s:7.2f} {share:6.0%}"
        )


def decode(path: Path, need: FrameNeeds | None) -> tuple[float, Tally]:
    began = time.process_time()
    with Decoder(path, MOST_PIXELS, need) as decoder:
        for _ in decoder.frames():
            pass
    return time.process_time() - began, decoder.tally


def measure(path: Path, runs: int) -> Saving:
    need = frame_needs(ExtractSettings())
    whole, sparing = [], []
    for _ in range(runs):
        whole.append(decode(path, None)[0])
        seconds, tally = decode(path, need)
        sparing.append(seconds)
    return Saving(tally.frames, tally.frames_skipped, min(whole), min(sparing))


def report(named: Sequence[Path], runs: int) -> None:
    print(f"{'clip':44} {'frames':>6} {'spared':>6} {'all s':>7} {'s':>7} {'saved':>6}")
    all_clips = Saving()
    for path in clips(named):
        one = measure(path, runs)
        print(one.line(path.name), flush=True)
        all_clips.frames += one.frames
        all_clips.spared += one.spared
        all_clips.whole_s += one.whole_s
        all_clips.needed_s += one.needed_s
    print(all_clips.line("all clips"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("videos", nargs="*", type=Path)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    report(options.videos, options.runs)


if __name__ == "__main__":
    main()

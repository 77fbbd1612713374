"""How many crops are of another size than those of the same face in the samples around.

    python benchmarks/steady.py DATASET

Prints for each video the crops whose side is more than 12 % off the median of up to three before
and three after in their track. People who come closer or open their mouth are among them: read it
beside the contact sheet.
"""

import sys
from collections import defaultdict
from pathlib import Path

import numpy as np

from deepfake_dataset.dataset.dataset import Dataset
from deepfake_dataset.records import Face, Video

REACH = 3
MOST_OFF = 0.12


def ratios(video: Video) -> dict[int, float]:
    """Side of each crop over that of those around it, by frame; none where fewer than two are."""
    tracks: dict[tuple[int, int], list[Face]] = defaultdict(list)
    for face in video.faces:
        tracks[face.scene, face.track].append(face)
    found = {}
    for faces in tracks.values():
        sides = np.array([face.native_px for face in faces])
        for i, face in enumerate(faces):
            around = np.r_[sides[max(0, i - REACH) : i], sides[i + 1 : i + 1 + REACH]]
            if len(around) > 1:
                found[face.frame] = float(sides[i] / np.median(around))
    return found


def main() -> None:
    compared = total = 0
    for video in Dataset.open(Path(sys.argv[1])).videos():
        found = ratios(video)
        off = {at: r for at, r in found.items() if abs(np.log(r)) > np.log(1 + MOST_OFF)}
        compared, total = compared + len(found), total + len(off)
        if off:
            print(f"{video.path:48} {len(off):3}:", *(f"{at} ({r:.2f})" for at, r in off.items()))
    print(f"{total} of {compared} crops are more than {MOST_OFF:.0%} off those around them")


if __name__ == "__main__":
    main()

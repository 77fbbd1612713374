"""Refuses to test on images, videos or groups that were trained on."""

import numpy as np

from deepfake_dataset.baseline.data.examples import Examples
from deepfake_dataset.errors import LeakError

_WHAT = {"path": "the image", "video": "the video", "group": "the group"}


def refuse_overlap(training: Examples, other: Examples, name: str) -> None:
    """Raise :class:`LeakError` where an image, a video or a group is on both sides."""
    for column, what in _WHAT.items():
        shared = np.intersect1d(getattr(training, column), getattr(other, column))
        if shared.size:
            more = f", and {shared.size - 1} more" if shared.size > 1 else ""
            raise LeakError(
                f"{what} {shared[0]}{more} is in the training and in the {name}",
                "split again by group; --force trains all the same, for a score that means little",
            )

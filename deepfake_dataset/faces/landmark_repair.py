"""Finds the landmarks of a scene's faces and repairs those that jump against their track."""

import math
from collections import defaultdict
from collections.abc import Sequence
from statistics import median

from deepfake_dataset.faces.landmarks import box_about, find_landmarks_of_many
from deepfake_dataset.faces.scene_faces import SampledFace
from deepfake_dataset.faces.shape_predictor import Points
from deepfake_dataset.records import Box

# Samples of the same face, nearest in time, whose sizes say which one is usual.
_AROUND = 7
# Sizes further than this factor from the usual one are doubted. Of 1084 faces of talking people
# one in twenty is: most have opened their mouth or come closer, and are found the same again.
_DOUBTED = math.log(1.05)
# A box is hardly more than a step of the pyramid, a fifth, off. Where it is further from usual,
# the face itself is of another one, and from a box of the usual size would be found wrong.
_MOST_OFF = math.log(1.3)


def repair_landmarks(sightings: Sequence[SampledFace], count: int, *, rough: bool) -> list[Points]:
    """The ``count`` points of every face, (count, 2) in pixels of its frame.

    From a box that is a step of the detector's pyramid too large, points can end on a hat and
    a collar. Where they are of another size than in the samples around they are found once
    more, from a box of the size that goes with those, and the more usual ones are kept.
    """
    found = find_landmarks_of_many([(s.frame, s.start) for s in sightings], count, rough=rough)
    usual = _usual_widths(sightings, found)
    doubted = [
        place
        for place, points in enumerate(found)
        if _off(box_about(points), usual[place]) > _DOUBTED
        and _off(sightings[place].start, usual[place]) <= _MOST_OFF
    ]
    starts = [(sightings[i].frame, sightings[i].start.resized(usual[i])) for i in doubted]
    for place, again in zip(
        doubted, find_landmarks_of_many(starts, count, rough=rough), strict=True
    ):
        both = found[place], again
        found[place] = min(both, key=lambda points: _off(box_about(points), usual[place]))
    return found


def _usual_widths(sightings: Sequence[SampledFace], found: Sequence[Points]) -> list[float]:
    """For each face the width of the box that goes with its track's points around it."""
    tracks: dict[int, list[int]] = defaultdict(list)
    for place, sampled in enumerate(sightings):
        tracks[sampled.track].append(place)
    usual = [0.0] * len(found)
    for places in tracks.values():
        widths = _medians([box_about(found[place]).width for place in places])
        for place, width in zip(places, widths, strict=True):
            usual[place] = width
    return usual


def _medians(widths: Sequence[float]) -> list[float]:
    """For each width the median of those around it."""
    last = max(0, len(widths) - _AROUND)
    starts = (min(max(0, i - _AROUND // 2), last) for i in range(len(widths)))
    return [median(widths[start : start + _AROUND]) for start in starts]


def _off(box: Box, width: float) -> float:
    """How far a box's width is from another one: the logarithm of the ratio, unsigned."""
    return abs(math.log(box.width / width))

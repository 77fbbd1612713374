"""Landmarks of a scene's faces, each checked against the same face in the samples around it."""

import math
from collections import defaultdict
from collections.abc import Sequence
from statistics import median

from deepfake_dataset.extract.landmarks import Points, box_about, find_landmarks
from deepfake_dataset.extract.scene import Sighting
from deepfake_dataset.records import Box

# Samples of the same face, nearest in time, whose sizes say which one is usual.
_AROUND = 7
# Sizes further than this factor from the usual one are doubted. Of 1084 faces of talking people
# one in twenty is: most have opened their mouth or come closer, and are found the same again.
_DOUBTED = math.log(1.05)
# A box is hardly more than a step of the pyramid, a fifth, off. Where it is further from usual,
# the face itself is of another one, and from a box of the usual size would be found wrong.
_MOST_OFF = math.log(1.3)


def outline(sightings: Sequence[Sighting], count: int, *, rough: bool) -> list[Points]:
    """The ``count`` points of every face, (count, 2) in pixels of its frame.

    From a box that is a step of the detector's pyramid too large, points can end on a hat and
    a collar. Where they are of another size than in the samples around they are found once
    more, from a box of the size that goes with those, and the more usual ones are kept.

    All are found before any crop is made: the model's trees are read at random places, and
    memory that nothing else takes up is faster.
    """
    found = [find_landmarks(s.frame, s.start, count, rough=rough) for s in sightings]
    tracks: dict[int, list[int]] = defaultdict(list)
    for place, sighting in enumerate(sightings):
        tracks[sighting.track].append(place)
    for places in tracks.values():
        usual = _usual([box_about(found[place]).width for place in places])
        for place, width in zip(places, usual, strict=True):
            if _off(box_about(found[place]), width) > _DOUBTED:
                found[place] = _found_again(sightings[place], found[place], width, rough=rough)
    return found


def _found_again(sighting: Sighting, points: Points, width: float, *, rough: bool) -> Points:
    """The points, or those from a box of a width, whichever are nearer to that width."""
    if _off(sighting.start, width) > _MOST_OFF:
        return points
    start = sighting.start.resized(width)
    again = find_landmarks(sighting.frame, start, len(points), rough=rough)
    return min(points, again, key=lambda found: _off(box_about(found), width))


def _usual(widths: Sequence[float]) -> list[float]:
    """For each width the median of those around it."""
    last = max(0, len(widths) - _AROUND)
    starts = (min(max(0, i - _AROUND // 2), last) for i in range(len(widths)))
    return [median(widths[start : start + _AROUND]) for start in starts]


def _off(box: Box, width: float) -> float:
    """How far a box's width is from another one: the logarithm of the ratio, unsigned."""
    return abs(math.log(box.width / width))

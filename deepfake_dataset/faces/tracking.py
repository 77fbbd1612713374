"""Tracks faces through a scene, and picks the face that the scene is about.

From each face that a search of a whole frame finds, a window is followed through the
samples, forwards and backwards; where it shows no face it waits in place. Whole frames are
searched at the first sample, and wherever no face is known: less and less often while
nothing is found, as what appears later is followed back to where it began.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from statistics import median

from deepfake_dataset.faces.detection_windows import FaceSearch
from deepfake_dataset.faces.detectors import Detection
from deepfake_dataset.records import Box
from deepfake_dataset.video.frame import Frame

# Two boxes are the same face in one frame from this overlap on (PASCAL VOC's criterion).
_SAME = 0.5
# A face followed into the next sample still overlaps its last box this much. One that
# does not is another's, or moves so fast that the whole frame has to be searched.
_STILL = 0.2
# A face found again is the one that was lost if it is no further than so many widths away
# and of similar size: within one camera angle people do not change places in a moment.
_REACH_WIDTHS = 3.0
_SIZE_RATIO = 2.0
# From this score on a detection counts in full. Chosen, not measured: talking faces score 1
# and more with dlib's detector, faces that turn away or are hardly seen score less.
_SURE = 0.5
# Where no face is known, whole frames are searched this long after one another; the time
# doubles with each search that finds nothing, up to the longest. After one that found a face
# it is the longest at once: windows wait where that face was lost.
_SEARCH_AGAIN_S, _SEARCH_AT_LEAST_S = 0.1, 0.4
# Detections, nearest in time, that the width of a box is judged by.
_AROUND = 5
# With all faces wanted, newcomers are looked for at each so-many-th sample.
_NEWCOMERS_EVERY = 5


@dataclass(slots=True)
class Track:
    """One face: its detections by position among the scene's samples."""

    seen: dict[int, Detection] = field(default_factory=dict)

    def covers(self, samples: int) -> float:
        """Share of the samples that show it, doubtful detections counting less."""
        return sum(min(1.0, max(0.1, d.score / _SURE)) for d in self.seen.values()) / samples

    @property
    def width(self) -> float:
        """Median width of its boxes in pixels."""
        return median(d.box.width for d in self.seen.values())

    def steady_box(self, position: int) -> Box:
        """The box at a sample, with the width that it has in the samples around.

        A detector's sizes come in steps of a fifth, and now and then it takes the wrong one;
        landmarks begun from such a box can end on the wrong size.
        """
        around = sorted(self.seen, key=lambda i: (abs(i - position), i))[:_AROUND]
        width = median(self.seen[i].box.width for i in around)
        return self.seen[position].box.resized(width)

    def nearest(self, position: int) -> int:
        """The sample closest in time to another one that shows it."""
        return min(self.seen, key=lambda i: (abs(i - position), i))


def find_tracks(frames: Sequence[Frame], search: FaceSearch) -> list[Track]:
    """Every face of a scene's samples, by first appearance."""
    scene = _Scene(frames, search)
    for position in scene.to_search():
        scene.look(position)
    return sorted(scene.tracks, key=lambda track: min(track.seen))


def pick_target(tracks: Sequence[Track], samples: int) -> Track:
    """The face that a scene is about: it covers most of it; among equals, the largest."""
    return max(tracks, key=lambda track: (round(track.covers(samples), 1), track.width))


class _Scene:
    """The samples of one scene, and what is known of the faces in them."""

    def __init__(self, frames: Sequence[Frame], search: FaceSearch) -> None:
        self.frames = frames
        self.search = search
        self.tracks: list[Track] = []
        self._pause_s = 0.0
        self._looked_s = -math.inf

    def to_search(self) -> Iterator[int]:
        """Positions whose whole frame must be searched, as far as is known by then."""
        for position in range(len(self.frames)):
            if self._is_fixed(position) or (not self._known(position) and self._due(position)):
                yield position

    def look(self, position: int) -> None:
        """Search one whole frame; follow whatever is new in it both ways."""
        found = self.search.find_in_frame(self.frames[position])
        self._looked_s = self.frames[position].time_s
        self._pause_s = _SEARCH_AT_LEAST_S if found else self._longer_pause()
        for detection in found:
            if not any(_same(detection, known) for known in self._known(position)):
                self._follow(self._resume_or_begin(position, detection), position)

    def _is_fixed(self, position: int) -> bool:
        if self.search.every_face:
            return position % _NEWCOMERS_EVERY == 0 or position == len(self.frames) - 1
        doubtful = position == len(self.frames) // 2 and not any(
            median(d.score for d in track.seen.values()) >= _SURE for track in self.tracks
        )
        return position == 0 or doubtful

    def _due(self, position: int) -> bool:
        return self.frames[position].time_s - self._looked_s >= self._pause_s

    def _longer_pause(self) -> float:
        return min(_SEARCH_AT_LEAST_S, max(_SEARCH_AGAIN_S, 2 * self._pause_s))

    def _known(self, position: int) -> list[Detection]:
        return [track.seen[position] for track in self.tracks if position in track.seen]

    def _resume_or_begin(self, position: int, detection: Detection) -> Track:
        lost = [
            t for t in self.tracks if position not in t.seen and _may_be(t, position, detection)
        ]
        if not lost:
            self.tracks.append(Track())
            lost = [self.tracks[-1]]
        track = min(lost, key=lambda t: _gap(t, position))
        track.seen[position] = detection
        return track

    def _follow(self, track: Track, position: int) -> None:
        """Both ways to the scene's ends, or to where the track is known already."""
        for way in (range(position + 1, len(self.frames)), range(position - 1, -1, -1)):
            known = track.seen[position]
            for i in way:
                if i in track.seen:
                    break
                if found := self._near(i, known):
                    track.seen[i] = known = found

    def _near(self, position: int, known: Detection) -> Detection | None:
        """The same face in the next frame, unless it is another track's there."""
        taken = self._known(position)
        found = find_nearby(self.frames[position], known, self.search)
        return found if found and not any(_same(found, other) for other in taken) else None


def find_nearby(frame: Frame, known: Detection, search: FaceSearch) -> Detection | None:
    """The face that lay at a known place a moment before, if it is still near."""
    found = [d for d in search.find_around(frame, known) if d.box.overlap(known.box) >= _STILL]
    return max(found, key=lambda d: d.box.overlap(known.box), default=None)


def _same(one: Detection, other: Detection) -> bool:
    return one.box.overlap(other.box) >= _SAME


def _gap(track: Track, position: int) -> int:
    return min((abs(i - position) for i in track.seen), default=0)


def _may_be(track: Track, position: int, detection: Detection) -> bool:
    last = track.seen[track.nearest(position)].box
    ratio = detection.box.width / last.width
    (x, y), (last_x, last_y) = detection.box.center, last.center
    reach = _REACH_WIDTHS * last.width
    return (
        1 / _SIZE_RATIO <= ratio <= _SIZE_RATIO and max(abs(x - last_x), abs(y - last_y)) <= reach
    )

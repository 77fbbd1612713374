"""Faces through a scene: searched for where none is known, followed where one is.

The whole frame is searched at the first and the middle sample, and wherever no face is
known; from each face found, a window is followed forwards and backwards until it is lost.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from statistics import median

from deepfake_dataset.extract.detectors import Detection
from deepfake_dataset.extract.frame import Frame
from deepfake_dataset.extract.search import Search
from deepfake_dataset.records import Box

# Two boxes are the same face in one frame from this overlap on (PASCAL VOC's criterion).
_SAME = 0.5
# A face found again is the one that was lost if it is no further than so many widths away
# and of similar size: within one camera angle people do not change places in a moment.
_REACH_WIDTHS = 3.0
_SIZE_RATIO = 2.0
# Where no face is known the whole frame is searched at most this often.
_SEARCH_EVERY_S = 0.2
# With all faces wanted, newcomers are looked for at each so-many-th sample.
_NEWCOMERS_EVERY = 5


@dataclass(slots=True)
class Track:
    """One face: its detections by position among the scene's samples."""

    seen: dict[int, Detection] = field(default_factory=dict)

    def covers(self, samples: int) -> float:
        """Share of the samples that show it, doubtful detections counting less."""
        return sum(min(1.0, max(0.1, d.score)) for d in self.seen.values()) / samples

    @property
    def width(self) -> float:
        """Median width of its boxes in pixels."""
        return median(d.box.width for d in self.seen.values())

    def nearest(self, position: int) -> Detection:
        """Its detection closest in time to a sample."""
        return self.seen[min(self.seen, key=lambda i: (abs(i - position), i))]


def find_tracks(frames: Sequence[Frame], search: Search) -> list[Track]:
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

    def __init__(self, frames: Sequence[Frame], search: Search) -> None:
        self.frames = frames
        self.search = search
        self.tracks: list[Track] = []
        self._found_nothing_s: float | None = None

    def to_search(self) -> Iterator[int]:
        """Positions whose whole frame must be searched, as far as is known by then."""
        count = len(self.frames)
        fixed = {0, count // 2}
        if self.search.every_face:
            fixed |= {*range(0, count, _NEWCOMERS_EVERY), count - 1}
        for position in range(count):
            if position in fixed or (not self._known(position) and self._due(position)):
                yield position

    def look(self, position: int) -> None:
        """Search one whole frame; follow whatever is new in it both ways."""
        found = self.search.whole(self.frames[position])
        if not found:
            self._found_nothing_s = self.frames[position].time_s
        for detection in found:
            if not any(_same(detection, known) for known in self._known(position)):
                self._follow(self._resume_or_begin(position, detection), position)

    def _due(self, position: int) -> bool:
        last = self._found_nothing_s
        return last is None or self.frames[position].time_s - last >= _SEARCH_EVERY_S

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
        count = len(self.frames)
        for way in (range(position + 1, count), range(position - 1, -1, -1)):
            known = track.seen[position]
            for i in way:
                step = None if i in track.seen else self._near(i, known)
                if step is None:
                    break
                track.seen[i] = known = step

    def _near(self, position: int, known: Detection) -> Detection | None:
        """The same face in the next frame, unless it is another track's there."""
        found = self.search.near(self.frames[position], known.box)
        taken = self._known(position)
        free = [d for d in found if not any(_same(d, other) for other in taken)]
        return max(free, key=lambda d: d.box.overlap(known.box), default=None)


def find_near(frame: Frame, known: Box, search: Search) -> Detection | None:
    """The face around a known place in a frame that was no sample, if it is there."""
    found = search.near(frame, known)
    return max(found, key=lambda d: d.box.overlap(known), default=None)


def _same(one: Detection, other: Detection) -> bool:
    return one.box.overlap(other.box) >= _SAME


def _gap(track: Track, position: int) -> int:
    return min((abs(i - position) for i in track.seen), default=0)


def _may_be(track: Track, position: int, detection: Detection) -> bool:
    last = track.nearest(position).box
    ratio = detection.box.width / last.width
    (x, y), (last_x, last_y) = detection.box.center, last.center
    reach = _REACH_WIDTHS * last.width
    return (
        1 / _SIZE_RATIO <= ratio <= _SIZE_RATIO and max(abs(x - last_x), abs(y - last_y)) <= reach
    )

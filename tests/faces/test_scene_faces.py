"""Which frames of a scene are taken, with faces that are scripted instead of searched for."""

from collections.abc import Sequence, Set
from dataclasses import dataclass, field
from typing import cast

from hypothesis import given
from hypothesis import strategies as st

from deepfake_dataset.faces.detection_windows import FaceSearch
from deepfake_dataset.faces.detectors import Detection
from deepfake_dataset.faces.scene_faces import SceneFaces, find_scene_faces
from deepfake_dataset.records import Box, MissReason
from deepfake_dataset.video.frame import Frame

HERE = Detection(Box(100, 100, 200, 200), 1.0)
ELSEWHERE = Detection(Box(600, 100, 640, 140), 1.0)


@dataclass(frozen=True)
class Shot:
    index: int

    @property
    def time_s(self) -> float:
        return self.index / 25


@dataclass
class Scripted:
    """One face in the frames named, another one in others."""

    target: Set[int]
    other: Set[int] = frozenset()
    every_face: bool = False
    whole_calls: int = 0
    near_calls: list[int] = field(default_factory=list)

    def find_in_frame(self, frame: Shot) -> list[Detection]:
        self.whole_calls += 1
        return self._seen(frame)

    large = find_in_frame

    def find_around(self, frame: Shot, known: Detection) -> list[Detection]:
        self.near_calls.append(frame.index)
        return [found for found in self._seen(frame) if found.box.overlap(known.box) > 0]

    def _seen(self, frame: Shot) -> list[Detection]:
        here = [HERE] if frame.index in self.target else []
        return here + ([ELSEWHERE] if frame.index in self.other else [])


def surveyed(search: Scripted, held: int, wanted: int) -> SceneFaces:
    frames = [Shot(i) for i in range(held)]
    return find_scene_faces(cast(Sequence[Frame], frames), wanted, cast(FaceSearch, search))


def taken(found: SceneFaces) -> list[int]:
    return [sighting.frame.index for sighting in found.faces]


def test_a_face_in_every_frame_gives_one_sighting_a_sample_and_no_miss() -> None:
    search = Scripted(frozenset(range(100)))
    found = surveyed(search, 100, 50)
    assert len(found.faces) == 50
    assert found.misses == ()
    assert found.tracks == 1
    assert (taken(found)[0], taken(found)[-1]) == (0, 99)


def test_whole_frames_are_searched_seldom_where_a_face_is_known() -> None:
    search = Scripted(frozenset(range(100)))
    surveyed(search, 100, 50)
    assert search.whole_calls <= 2


def test_without_a_face_every_sample_is_a_miss() -> None:
    found = surveyed(Scripted(frozenset()), 100, 50)
    assert found.faces == ()
    assert found.tracks == 0
    assert [reason for _, reason in found.misses] == [MissReason.NO_FACE] * 50


def test_a_scene_of_which_no_frame_is_held_has_no_sample() -> None:
    found = surveyed(Scripted(target=set()), held=0, wanted=10)
    assert (found.faces, found.misses, found.tracks) == ((), (), 0)


def test_a_missed_sample_is_replaced_by_a_neighbour_that_shows_the_face() -> None:
    found = surveyed(Scripted(frozenset(range(100)) - {40, 41}), 99, 50)  # samples are even
    missed = [frame.index for frame, _ in found.misses]
    assert missed == [40]
    assert len(found.faces) == 50
    assert 39 in taken(found)


def test_the_nearest_neighbour_is_taken() -> None:
    found = surveyed(Scripted(frozenset(range(91)) - {30, 31, 29}), 91, 10)  # samples: 0, 10, …
    assert 28 in taken(found) or 32 in taken(found)
    assert len(found.faces) == 10


def test_a_sample_that_shows_another_person_says_so() -> None:
    search = Scripted(target=frozenset(range(60)), other=frozenset(range(60, 100)))
    found = surveyed(search, 100, 50)
    reasons = {frame.index: reason for frame, reason in found.misses}
    assert set(reasons.values()) == {MissReason.NOT_TARGET}
    assert min(reasons) >= 60
    assert {sighting.detection for sighting in found.faces} == {HERE}


def test_every_face_is_kept_where_every_face_is_wanted() -> None:
    both = frozenset(range(100))
    found = surveyed(Scripted(both, both, every_face=True), 100, 50)
    assert len(found.faces) == 100
    assert found.tracks == 2
    assert {sighting.track for sighting in found.faces} == {0, 1}
    order = [(sighting.frame.index, sighting.track) for sighting in found.faces]
    assert order == sorted(order)


@given(
    held=st.integers(1, 120),
    wanted=st.integers(1, 60),
    data=st.data(),
    every=st.booleans(),
)
def test_counts_reconcile_and_no_frame_is_used_twice(
    held: int, wanted: int, data: st.DataObject, every: bool
) -> None:
    some = st.frozensets(st.integers(0, held - 1))
    search = Scripted(data.draw(some), data.draw(some), every)
    found = surveyed(search, held, wanted)
    samples = min(held, wanted)
    missed = {frame.index for frame, _ in found.misses}
    hits = set(taken(found))
    assert not hits & missed
    assert len({(s.frame.index, s.track) for s in found.faces}) == len(found.faces)
    assert samples <= len(hits) + len(missed) <= samples + len(missed)
    assert len(hits) <= samples
    assert all(s.track < found.tracks for s in found.faces)
    for sighting in found.faces:
        shown = search.target if sighting.detection == HERE else search.other
        assert sighting.frame.index in shown

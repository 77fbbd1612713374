"""Faces through a scene, with boxes that are scripted instead of searched for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import cast

import pytest

from deepfake_dataset.faces.detection_windows import FaceSearch, grow
from deepfake_dataset.faces.detectors import Detection
from deepfake_dataset.faces.tracking import Track, find_tracks, pick_target
from deepfake_dataset.records import Box
from deepfake_dataset.video.frame import Frame

Script = Mapping[int, Sequence[Detection]]


@dataclass(frozen=True)
class Shot:
    index: int
    time_s: float


@dataclass
class Scripted:
    """Finds what the script says is in a frame; near a known face, only what lies there."""

    script: Script
    every_face: bool = False
    whole_calls: list[int] = field(default_factory=list)

    def find_in_frame(self, frame: Shot) -> list[Detection]:
        self.whole_calls.append(frame.index)
        return list(self.script.get(frame.index, ()))

    def find_around(self, frame: Shot, known: Detection) -> list[Detection]:
        window = grow(known.box, 0.4)
        return [d for d in self.script.get(frame.index, ()) if _inside(d.box, window)]


def _inside(box: Box, window: Box) -> bool:
    return (
        window.left <= box.left
        and window.top <= box.top
        and box.right <= window.right
        and box.bottom <= window.bottom
    )


def face(x: float, y: float = 100, width: float = 80, score: float = 1.0) -> Detection:
    return Detection(Box(x - width / 2, y - width / 2, x + width / 2, y + width / 2), score)


def tracks_of(
    script: Script, count: int, *, every: bool = False, gap_s: float = 0.2
) -> tuple[list[Track], Scripted]:
    search = Scripted(script, every)
    frames = [Shot(i, i * gap_s) for i in range(count)]
    found = find_tracks(cast(Sequence[Frame], frames), cast(FaceSearch, search))
    return found, search


def positions(track: Track) -> list[int]:
    return sorted(track.seen)


def test_a_face_that_drifts_through_the_scene_is_one_track() -> None:
    tracks, search = tracks_of({i: [face(100 + 8 * i)] for i in range(50)}, 50)
    assert [positions(track) for track in tracks] == [list(range(50))]
    assert tracks[0].seen[31] == face(100 + 8 * 31)
    assert len(search.whole_calls) <= 2


def test_whole_frames_are_searched_less_and_less_often_where_there_is_nobody() -> None:
    _, search = tracks_of({}, 500, gap_s=0.04)
    gaps = [later - earlier for earlier, later in pairwise(search.whole_calls)]
    assert search.whole_calls[0] == 0
    assert gaps[-1] >= 2 * gaps[0]
    assert len(search.whole_calls) <= 100


def test_a_face_that_appears_late_is_found_and_followed_back_to_where_it_began() -> None:
    tracks, _ = tracks_of({i: [face(300)] for i in range(17, 50)}, 50, gap_s=0.04)
    assert [positions(track) for track in tracks] == [list(range(17, 50))]


def test_a_face_lost_and_found_again_is_one_track() -> None:
    script = {i: [face(200)] for i in (*range(20), *range(30, 50))}
    tracks, _ = tracks_of(script, 50)
    assert [positions(track) for track in tracks] == [[*range(20), *range(30, 50)]]


def test_a_face_found_again_somewhat_further_on_is_still_the_same() -> None:
    script = {i: [face(200)] for i in range(20)} | {i: [face(380)] for i in range(24, 50)}
    tracks, _ = tracks_of(script, 50)
    assert [positions(track) for track in tracks] == [[*range(20), *range(24, 50)]]


@pytest.mark.parametrize("other", [face(900), face(200, width=200)], ids=["far away", "larger"])
def test_a_face_far_away_or_of_another_size_is_another_track(other: Detection) -> None:
    script = {i: [face(200)] for i in range(20)} | {i: [other] for i in range(24, 50)}
    tracks, _ = tracks_of(script, 50)
    assert [positions(track) for track in tracks] == [list(range(20)), list(range(24, 50))]


def test_two_people_are_two_tracks() -> None:
    script = {i: [face(150 + i), face(500 - i)] for i in range(50)}
    tracks, _ = tracks_of(script, 50)
    assert [positions(track) for track in tracks] == [list(range(50))] * 2
    assert tracks[0].seen[49].box.center == (199, 100)
    assert tracks[1].seen[49].box.center == (451, 100)


def test_two_people_who_pass_each_other_share_no_detection() -> None:
    script = {i: [face(100 + 8 * i, 100), face(500 - 8 * i, 150)] for i in range(50)}
    tracks, _ = tracks_of(script, 50, every=True)
    for position in range(50):
        seen = [track.seen[position].box for track in tracks if position in track.seen]
        assert len(seen) == len(set(seen))


def test_a_newcomer_is_found_when_every_face_is_wanted() -> None:
    script = {i: [face(150), *([face(600)] if i >= 23 else [])] for i in range(50)}
    tracks, _ = tracks_of(script, 50, every=True)
    assert [positions(track) for track in tracks] == [list(range(50)), list(range(23, 50))]


def test_a_newcomer_costs_no_search_when_only_the_target_is_wanted() -> None:
    script = {i: [face(150), *([face(600)] if i >= 23 else [])] for i in range(50)}
    _, search = tracks_of(script, 50)
    assert len(search.whole_calls) <= 2


def test_tracks_come_by_first_appearance() -> None:
    script = {
        i: [d for d, first in ((face(150), 30), (face(600), 0)) if i >= first] for i in range(50)
    }
    tracks, _ = tracks_of(script, 50, every=True)
    assert [min(track.seen) for track in tracks] == [0, 30]


def test_a_face_that_jumps_within_its_window_s_reach_only_is_followed() -> None:
    script = {i: [face(200 if i < 10 else 270)] for i in range(20)}
    tracks, search = tracks_of(script, 20)
    assert sorted({i for track in tracks for i in track.seen}) == list(range(20))
    assert 10 in search.whole_calls  # the jump is nearly a whole face: the window shows nothing


def test_no_samples_give_no_tracks() -> None:
    assert tracks_of({}, 0)[0] == []


Seen = dict[int, Detection]


@pytest.mark.parametrize(
    ("first", "second", "target"),
    [
        pytest.param(
            {i: face(0, width=50) for i in range(50)},
            {i: face(0, width=200) for i in range(20)},
            0,
            id="who is there most of the time",
        ),
        pytest.param(
            {i: face(0, width=50) for i in range(50)},
            {i: face(0, width=200) for i in range(50)},
            1,
            id="among equals, the larger",
        ),
        pytest.param(
            {i: face(0, width=300, score=0.05) for i in range(50)},
            {i: face(0, width=100) for i in range(45)},
            1,
            id="what is surely a face",
        ),
    ],
)
def test_a_scene_is_about(first: Seen, second: Seen, target: int) -> None:
    tracks = [Track(first), Track(second)]
    assert pick_target(tracks, 50) is tracks[target]


def test_a_track_s_nearest_detection_is_the_one_closest_in_time() -> None:
    track = Track({3: face(3), 10: face(10), 20: face(20)})
    assert [track.nearest(i) for i in (0, 6, 12, 99)] == [3, 3, 10, 20]


def test_one_box_of_another_size_does_not_change_where_landmarks_start() -> None:
    sizes = [100, 100, 144, 100, 100, 100, 120, 120, 120]
    track = Track({i: Detection(Box(0, 0, size, size), 1.0) for i, size in enumerate(sizes)})
    assert track.steady_box(2) == Box(22, 22, 122, 122)
    assert track.steady_box(8) == Box(0, 0, 120, 120)

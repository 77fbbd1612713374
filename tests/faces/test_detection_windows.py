from collections.abc import Callable

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from deepfake_dataset.faces.detection_windows import FaceSearch, grow, make_face_search
from deepfake_dataset.faces.detectors import Detection, make_detector
from deepfake_dataset.faces.proposals import FaceProposer, make_face_proposer
from deepfake_dataset.records import Box
from deepfake_dataset.settings import ExtractSettings
from deepfake_dataset.video.frame import Frame

Picture = NDArray[np.uint8]
FrameOf = Callable[..., Frame]

WALL = 110
ONE_STEP = 0.65
# Of a face at the edge of the window the larger of two steps may not be seen.
AT_THE_EDGE = 0.6
"""Overlap of two boxes that are one step of dlib's pyramid apart: 1 / 1.2², and a little."""


def searcher(
    name: str = "hog", *, least_px: float = 40, share: float = 0.0, every: bool = False
) -> FaceSearch:
    return FaceSearch(make_detector(name), least_px, share, every)


def proposing(*, every: bool = False) -> FaceSearch:
    return FaceSearch(make_detector("hog"), 40, 0.0, every, make_face_proposer())


@pytest.fixture(scope="module")
def head(astronaut: Picture) -> Picture:
    """A head and some background, 200 pixels square; the face is 88 pixels wide."""
    return astronaut[30:230, 120:320]


def place(picture: Picture, head: Picture, width: int, x: int, y: int) -> None:
    """Put a head with a face of ``width`` pixels into a picture, its face's middle at (x, y)."""
    side = round(200 * width / 88)
    method = cv2.INTER_AREA if side < 200 else cv2.INTER_CUBIC
    scaled = cv2.resize(head, (side, side), interpolation=method)
    left, top = x - round(side * 0.505), y - round(side * 0.46)
    inside = scaled[max(0, -top) : picture.shape[0] - top, max(0, -left) : picture.shape[1] - left]
    rows = slice(max(0, top), max(0, top) + inside.shape[0])
    picture[rows, max(0, left) : max(0, left) + inside.shape[1]] = inside


def wall(width: int = 640, height: int = 360) -> Picture:
    return np.full((height, width, 3), WALL, np.uint8)


def at(found: list[Detection], x: float, y: float) -> list[Detection]:
    return [d for d in found if abs(d.box.center[0] - x) < 25 and abs(d.box.center[1] - y) < 25]


def test_a_small_face_is_found_where_there_is_no_large_one(
    head: Picture, frame_of: FrameOf
) -> None:
    picture = wall(1280, 720)
    place(picture, head, 50, 900, 200)
    found = searcher().find_in_frame(frame_of(picture))
    assert len(found) == 1
    assert found[0].box.center == pytest.approx((900, 200), abs=10)
    assert found[0].box.width == pytest.approx(50, rel=0.25)


def test_small_faces_beside_a_large_one_are_found_only_if_every_face_is_wanted(
    head: Picture, frame_of: FrameOf
) -> None:
    picture = wall(1280, 720)
    place(picture, head, 300, 400, 360)
    place(picture, head, 50, 1000, 200)
    frame = frame_of(picture)
    assert at(searcher().find_in_frame(frame), 1000, 200) == []
    every = searcher(every=True).find_in_frame(frame)
    assert len(at(every, 1000, 200)) == 1
    assert len(at(every, 400, 360)) == 1


@pytest.mark.parametrize("wish", [{"least_px": 90}, {"share": 0.25}])
def test_faces_smaller_than_wanted_are_left_alone(
    wish: dict[str, float], head: Picture, frame_of: FrameOf
) -> None:
    picture = wall()
    place(picture, head, 60, 300, 180)
    assert searcher().find_in_frame(frame_of(picture))
    assert not searcher(**wish).find_in_frame(frame_of(picture))  # type: ignore[arg-type]


@pytest.mark.parametrize("width", [48, 70, 100, 150, 220])
@pytest.mark.parametrize("name", ["hog", "haar"])
def test_near_finds_what_the_whole_frame_s_search_finds(
    name: str, width: int, head: Picture, frame_of: FrameOf
) -> None:
    picture = wall()
    place(picture, head, width, 300, 170)
    frame, search = frame_of(picture), searcher(name, every=True)
    (whole,) = at(search.find_in_frame(frame), 300, 170)
    near = search.find_around(frame, whole)
    # A face between two steps of the pyramid may be taken for either.
    assert max(d.box.overlap(whole.box) for d in near) >= ONE_STEP


@pytest.mark.parametrize("width", [48, 100, 180])
@pytest.mark.parametrize(
    ("right", "down"), [(0.2, 0), (-0.2, 0), (0, 0.2), (0, -0.2), (0.14, 0.14)]
)
def test_near_finds_a_face_that_moved_by_a_fifth_of_its_width(
    width: int, right: float, down: float, head: Picture, frame_of: FrameOf
) -> None:
    before, after = wall(), wall()
    place(before, head, width, 300, 170)
    x, y = round(300 + right * width), round(170 + down * width)
    place(after, head, width, x, y)
    search = searcher(every=True)
    (known,) = at(search.find_in_frame(frame_of(before)), 300, 170)
    (moved,) = at(search.find_in_frame(frame_of(after)), x, y)
    near = search.find_around(frame_of(after), known)
    assert max(d.box.overlap(moved.box) for d in near) >= AT_THE_EDGE


@pytest.mark.parametrize("growth", [0.85, 1.15])
def test_near_finds_a_face_that_came_nearer_or_went_away(
    growth: float, head: Picture, frame_of: FrameOf
) -> None:
    before, after = wall(), wall()
    place(before, head, 100, 300, 170)
    place(after, head, round(100 * growth), 300, 170)
    search = searcher(every=True)
    (known,) = at(search.find_in_frame(frame_of(before)), 300, 170)
    (changed,) = at(search.find_in_frame(frame_of(after)), 300, 170)
    near = search.find_around(frame_of(after), known)
    assert max(d.box.overlap(changed.box) for d in near) >= ONE_STEP


@pytest.mark.parametrize(("x", "y"), [(50, 180), (590, 180), (300, 46), (300, 314), (48, 46)])
def test_near_finds_a_face_at_the_border(x: int, y: int, head: Picture, frame_of: FrameOf) -> None:
    picture = wall()
    place(picture, head, 88, x, y)
    frame, search = frame_of(picture), searcher()
    (whole,) = at(search.find_in_frame(frame), x, y)
    near = search.find_around(frame, whole)
    assert max(d.box.overlap(whole.box) for d in near) >= ONE_STEP


def test_near_gives_nothing_where_the_face_has_gone(frame_of: FrameOf) -> None:
    assert searcher().find_around(frame_of(wall()), Detection(Box(200, 100, 300, 200), 1.0)) == []


@pytest.mark.parametrize("size", [(1, 1), (5, 3), (3, 400)])
def test_any_size_of_frame_can_be_searched(size: tuple[int, int], frame_of: FrameOf) -> None:
    assert searcher().find_in_frame(frame_of(wall(*size))) == []
    assert proposing().find_in_frame(frame_of(wall(*size))) == []


@pytest.mark.parametrize("size", [(40, 40), (200, 30), (30, 200), (301, 203)])
def test_noise_can_be_searched(size: tuple[int, int], frame_of: FrameOf) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8)
    frame = frame_of(noise)
    for found in proposing(every=True).find_in_frame(frame):
        assert found.box.overlap(frame.whole) > 0


@pytest.mark.parametrize("width", [44, 70, 100, 150, 220])
@pytest.mark.parametrize(("x", "y"), [(300, 170), (500, 120), (60, 250)])
def test_where_faces_are_proposed_the_same_is_found_as_everywhere(
    width: int, x: int, y: int, head: Picture, frame_of: FrameOf
) -> None:
    picture = wall()
    place(picture, head, width, x, y)
    frame = frame_of(picture)
    (expected,) = searcher().find_in_frame(frame)
    (found,) = proposing().find_in_frame(frame)
    assert found.box.overlap(expected.box) >= ONE_STEP
    assert found.score >= 0.5


def test_each_of_several_faces_proposed_is_found_once(head: Picture, frame_of: FrameOf) -> None:
    picture = wall(1280, 720)
    for width, x, y in ((150, 200, 200), (160, 700, 300), (60, 1100, 500)):
        place(picture, head, width, x, y)
    frame = frame_of(picture)
    assert len(proposing().find_in_frame(frame)) == 2
    assert len(proposing(every=True).find_in_frame(frame)) == 3


def test_the_detector_decides_whether_a_face_is_where_one_is_proposed(
    head: Picture, frame_of: FrameOf
) -> None:
    picture = wall()
    place(picture, head, 100, 300, 170)
    counting = Counting()
    search = FaceSearch(counting, 40, 0.06, False, make_face_proposer())
    assert search.find_in_frame(frame_of(picture)) == []
    assert counting.calls > 0


def test_the_detector_is_not_asked_where_nothing_is_proposed(frame_of: FrameOf) -> None:
    counting = Counting()
    assert (
        FaceSearch(counting, 40, 0.06, False, make_face_proposer()).find_in_frame(frame_of(wall()))
        == []
    )
    assert counting.calls == 0


class Places(FaceProposer):
    """Proposes the middle of a picture, twice."""

    def __init__(self) -> None:
        pass

    def propose(self, luma: Picture) -> list[Box]:
        middle = Box(0, 0, luma.shape[1], luma.shape[0]).resized(50)
        return [middle, middle]


class Scores:
    """A detector that finds one face in the middle of each window, with scores as given."""

    name, smallest_px, step, coloured = "scores", 80, 1.2, False
    sure, costly, rough = 0.0, True, False

    def __init__(self, *scores: float) -> None:
        self.left = list(scores)

    def find(self, image: Picture, **_: int | None) -> list[Detection]:
        box = Box(0, 0, image.shape[1], image.shape[0]).resized(image.shape[1] / 1.7)
        return [Detection(box, self.left.pop(0))]


@pytest.mark.parametrize(
    ("scores", "best"), [((-0.1, 0.5), 0.5), ((-0.1, -0.05), -0.05), ((0.3,), 0.3)]
)
def test_of_detections_in_one_place_the_surest_counts(
    scores: tuple[float, ...], best: float, frame_of: FrameOf
) -> None:
    search = FaceSearch(Scores(*scores), 100, 0.0, True, Places())
    assert [d.score for d in search.find_in_frame(frame_of(wall()))] == [best]


@pytest.mark.parametrize(("name", "proposes"), [("hog", True), ("haar", False)])
def test_faces_are_proposed_to_detectors_that_cost_more_than_that(
    name: str, proposes: bool
) -> None:
    search = make_face_search(ExtractSettings(detector=name, min_face_px=60))
    assert (search.proposer is not None) == proposes
    assert search.detector.name == name
    assert search.min_face_px == 60


class Counting:
    """A detector that finds nothing and counts how often it is asked."""

    name, smallest_px, step, coloured = "counting", 80, 1.2, False
    sure, costly, rough = 0.0, True, False

    def __init__(self) -> None:
        self.calls = 0

    def find(self, image: Picture, **_: int | None) -> list[Detection]:
        self.calls += 1
        return []


def test_the_same_frame_asked_for_again_costs_nothing(frame_of: FrameOf) -> None:
    counting = Counting()
    search = FaceSearch(counting, 40, 0.06, False)
    first, second = frame_of(wall()), frame_of(wall())
    search.find_in_frame(first)
    once = counting.calls
    search.find_in_frame(first)
    assert counting.calls == once
    search.find_in_frame(second)
    assert counting.calls > once


def test_a_box_grows_by_a_share_of_its_width_on_every_side() -> None:
    assert grow(Box(10, 20, 30, 60), 0.5) == Box(0, 10, 40, 70)

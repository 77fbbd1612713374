"""One suite that every detector must pass."""

from importlib.metadata import EntryPoint

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from deepfake_dataset import plugins
from deepfake_dataset.errors import SettingsError
from deepfake_dataset.faces.detectors import Detection, Detector, make_detector
from deepfake_dataset.faces.detectors import hog as hog_module
from deepfake_dataset.faces.detectors.hog import HogDetector
from deepfake_dataset.records import Box
from deepfake_dataset.settings import ExtractSettings

Picture = NDArray[np.uint8]

LEFT, TOP, SIDE = 120, 30, 200
"""A part of the photograph: larger ones cost the CNN seconds."""


@pytest.fixture(scope="module", params=["hog", "cnn", "haar"])
def detector(request: pytest.FixtureRequest) -> Detector:
    return make_detector(request.param)


@pytest.fixture(scope="module")
def portrait(astronaut: Picture) -> Picture:
    return astronaut[TOP : TOP + SIDE, LEFT : LEFT + SIDE]


@pytest.fixture(scope="module")
def face(astronaut_face: Box) -> Box:
    return Box(
        astronaut_face.left - LEFT,
        astronaut_face.top - TOP,
        astronaut_face.right - LEFT,
        astronaut_face.bottom - TOP,
    )


def seen_by(detector: Detector, rgb: Picture) -> Picture:
    """The picture in the form that the detector takes."""
    picture = rgb if detector.coloured else cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    return np.ascontiguousarray(picture, dtype=np.uint8)


@pytest.fixture(scope="module")
def found(detector: Detector, portrait: Picture) -> list[Detection]:
    return detector.find(seen_by(detector, portrait))


def test_finds_the_one_face_where_it_is(found: list[Detection], face: Box) -> None:
    assert len(found) == 1
    assert found[0].box.overlap(face) >= 0.5


def test_boxes_and_scores_are_plain_numbers(found: list[Detection]) -> None:
    for detection in found:
        box = detection.box
        numbers = (box.left, box.top, box.right, box.bottom, detection.score)
        assert all(isinstance(number, int | float) for number in numbers)
        assert np.isfinite(numbers).all()
        assert box.width == pytest.approx(box.height, abs=2)


def test_a_larger_picture_gives_a_larger_box(
    detector: Detector, portrait: Picture, face: Box
) -> None:
    larger = cv2.resize(portrait, (280, 280), interpolation=cv2.INTER_CUBIC)
    (found,) = detector.find(seen_by(detector, np.asarray(larger, dtype=np.uint8)))
    expected = Box(*(1.4 * side for side in (face.left, face.top, face.right, face.bottom)))
    assert found.box.overlap(expected) >= 0.5


def test_a_face_below_the_smallest_size_is_not_found(detector: Detector, portrait: Picture) -> None:
    smaller = cv2.resize(portrait, (80, 80), interpolation=cv2.INTER_AREA)
    assert detector.find(seen_by(detector, np.asarray(smaller, dtype=np.uint8))) == []


def test_the_mirrored_picture_gives_the_mirrored_box(
    detector: Detector, portrait: Picture, found: list[Detection]
) -> None:
    (mirrored,) = detector.find(seen_by(detector, portrait[:, ::-1]))
    box = found[0].box
    expected = Box(SIDE - box.right, box.top, SIDE - box.left, box.bottom)
    assert mirrored.box.overlap(expected) >= 0.65  # one step of the CNN's grid aside


def test_two_faces_are_two_boxes_the_surest_first(detector: Detector, portrait: Picture) -> None:
    half = cv2.GaussianBlur(portrait[:, 20:170], (0, 0), 1.5)
    pair = np.concatenate([np.asarray(half, dtype=np.uint8), portrait[:, 20:170]], axis=1)
    found = detector.find(seen_by(detector, pair))
    assert len(found) == 2
    assert found[0].score >= found[1].score
    assert found[0].box.overlap(found[1].box) == 0


@pytest.mark.parametrize("size", [(1, 1), (1, 90), (90, 1), (19, 300), (90, 90)])
def test_any_size_of_picture_is_taken(detector: Detector, size: tuple[int, int]) -> None:
    assert detector.find(seen_by(detector, np.full((*size, 3), 128, np.uint8))) == []


def test_noise_shows_no_face(detector: Detector) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (150, 150, 3)).astype(np.uint8)
    assert detector.find(seen_by(detector, noise)) == []


def test_the_same_picture_gives_the_same_faces(
    detector: Detector, portrait: Picture, found: list[Detection]
) -> None:
    assert detector.find(seen_by(detector, portrait)) == found


def test_a_model_is_loaded_once_a_process(detector: Detector) -> None:
    assert make_detector(detector.name) is detector


def test_hog_takes_a_doubtful_face_only_where_none_is_sure(
    astronaut: Picture, portrait: Picture
) -> None:
    hog = make_detector("hog")
    turn = cv2.getRotationMatrix2D((SIDE / 2, SIDE / 2), 48, 1)
    tilted = cv2.warpAffine(portrait, turn, (SIDE, SIDE), borderMode=cv2.BORDER_REPLICATE)
    (doubtful,) = hog.find(seen_by(hog, np.asarray(tilted, dtype=np.uint8)))
    assert doubtful.score < 0
    whole = cv2.resize(astronaut, (640, 640))  # her suit looks a little like a face there
    (sure,) = hog.find(seen_by(hog, np.asarray(whole, dtype=np.uint8)))
    assert sure.score > 1


@pytest.fixture(scope="module")
def hog() -> HogDetector:
    return HogDetector()


def test_a_view_of_hog_finds_what_it_found_among_all(hog: HogDetector, portrait: Picture) -> None:
    (found,) = hog.find(seen_by(hog, portrait))
    assert found.view is not None
    assert hog.find(seen_by(hog, portrait), view=found.view) == [found]


def test_hog_asks_all_views_where_the_one_named_sees_no_face_plainly(
    hog: HogDetector, portrait: Picture
) -> None:
    (found,) = hog.find(seen_by(hog, portrait))
    turned_away = hog.find(seen_by(hog, portrait), view=4)
    assert turned_away == [found]


def test_a_doubtful_face_has_no_view_of_hog(hog: HogDetector, portrait: Picture) -> None:
    turn = cv2.getRotationMatrix2D((SIDE / 2, SIDE / 2), 48, 1)
    tilted = cv2.warpAffine(portrait, turn, (SIDE, SIDE), borderMode=cv2.BORDER_REPLICATE)
    (doubtful,) = hog.find(seen_by(hog, np.asarray(tilted, dtype=np.uint8)))
    assert doubtful.view is None


@pytest.mark.parametrize(("scale", "sizes"), [(0.86, 1), (1.0, 2), (1.2, 3), (1.44, 4)])
def test_hog_looks_at_as_many_sizes_as_it_is_told(
    scale: float, sizes: int, hog: HogDetector, portrait: Picture
) -> None:
    sized = cv2.resize(portrait, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    seen = seen_by(hog, np.asarray(sized, dtype=np.uint8))
    (found,) = hog.find(seen)
    assert hog.find(seen, sizes=sizes) == [found]
    assert hog.find(seen, sizes=sizes, view=found.view) == [found]
    if sizes > 1:
        assert hog.find(seen, sizes=1) == []


@pytest.mark.parametrize("unlike", [{"_SIZES": 7}, {"_HEADER": 18}], ids=str)
def test_hog_asks_dlib_s_whole_detector_where_its_bytes_are_not_those_known(
    unlike: dict[str, int], hog: HogDetector, portrait: Picture, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in unlike.items():
        monkeypatch.setattr(hog_module, name, value)
    with pytest.warns(UserWarning, match="this release of dlib"):
        whole = HogDetector()
    seen = seen_by(hog, portrait)
    (found,) = hog.find(seen)
    assert whole.find(seen) == [found]
    assert whole.find(seen, sizes=3, view=found.view) == [found]


class Everywhere:
    """A detector of another package."""

    def find(self, image: Picture, **_: object) -> list[Detection]:
        return [Detection(Box(0, 0, 1, 1), 1.0)]


def test_a_detector_of_another_package_is_made_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    point = EntryPoint("everywhere", f"{__name__}:Everywhere", plugins.DETECTORS)

    def found(group: str, name: str = "everywhere") -> list[EntryPoint]:
        return [point] if (group, name) == (point.group, point.name) else []

    caches = (plugins.plugin_names, plugins.load_plugin, make_detector)
    with pytest.raises(SettingsError, match="everywhere"):
        ExtractSettings(detector="everywhere")
    monkeypatch.setattr(plugins, "entry_points", found)
    for cache in caches:
        cache.cache_clear()
    try:
        assert ExtractSettings(detector="everywhere").detector == "everywhere"
        assert type(make_detector("everywhere")).__name__ == "Everywhere"
    finally:
        for cache in caches:
            cache.cache_clear()

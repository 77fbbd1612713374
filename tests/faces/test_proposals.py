import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from deepfake_dataset.faces.proposals import SMALLEST_PX, FaceProposer, make_face_proposer
from deepfake_dataset.records import Box

Picture = NDArray[np.uint8]

WALL = 110
FACE_PX = 88
"""Width of the astronaut's face."""


@pytest.fixture(scope="module")
def proposer() -> FaceProposer:
    return make_face_proposer()


@pytest.fixture(scope="module")
def head(astronaut: Picture) -> Picture:
    """Luma of a head, 200 pixels square, its face in the middle."""
    return np.asarray(cv2.cvtColor(astronaut[22:222, 121:321], cv2.COLOR_RGB2GRAY), np.uint8)


def with_heads(head: Picture, *places: tuple[int, int, int]) -> Picture:
    """A wall with heads on it: the width of each face, and its middle's x and y."""
    picture = np.full((300, 400), WALL, np.uint8)
    for width, x, y in places:
        side = round(200 * width / FACE_PX)
        scaled = cv2.resize(head, (side, side), interpolation=cv2.INTER_AREA)
        left, top = x - side // 2, y - side // 2
        rows, columns = max(0, -top), max(0, -left)
        inside = scaled[rows : 300 - top, columns : 400 - left]
        picture[max(0, top) :, max(0, left) :][: inside.shape[0], : inside.shape[1]] = inside
    return picture


def square(width: int, x: int, y: int) -> Box:
    return Box(x - width / 2, y - width / 2, x + width / 2, y + width / 2)


def is_proposed(places: list[Box], face: Box) -> bool:
    return any(place.overlap(face) >= 0.4 for place in places)


@pytest.mark.parametrize("width", [SMALLEST_PX, 30, 40, 60, 100, 130])
def test_a_face_of_any_size_is_proposed(width: int, head: Picture, proposer: FaceProposer) -> None:
    places = proposer.propose(with_heads(head, (width, 170, 150)))
    assert is_proposed(places, square(width, 170, 150))


def test_the_likeliest_place_comes_first(head: Picture, proposer: FaceProposer) -> None:
    places = proposer.propose(with_heads(head, (60, 170, 150)))
    assert is_proposed(places[:1], square(60, 170, 150))


def test_every_face_is_proposed(head: Picture, proposer: FaceProposer) -> None:
    heads = [(30, 40, 60), (50, 150, 200), (90, 290, 140)]
    places = proposer.propose(with_heads(head, *heads))
    assert all(is_proposed(places, square(*one)) for one in heads)


@pytest.mark.parametrize(("x", "y"), [(27, 150), (373, 150), (200, 27), (200, 273)])
def test_a_face_at_the_border_is_proposed(
    x: int, y: int, head: Picture, proposer: FaceProposer
) -> None:
    places = proposer.propose(with_heads(head, (50, x, y)))
    assert is_proposed(places, square(50, x, y))


@pytest.mark.parametrize("degrees", [-30, 30])
def test_a_face_that_is_turned_is_proposed(
    degrees: int, head: Picture, proposer: FaceProposer
) -> None:
    matrix = cv2.getRotationMatrix2D((100, 100), degrees, 1.0)
    turned = np.asarray(cv2.warpAffine(head, matrix, (200, 200), borderValue=WALL), np.uint8)
    places = proposer.propose(with_heads(turned, (50, 200, 150)))
    assert is_proposed(places, square(50, 200, 150))


@pytest.mark.parametrize(
    ("gain", "offset"), [(0.25, 90), (0.15, 10), (1.2, 60)], ids=["haze", "backlit", "bright"]
)
def test_a_face_in_bad_light_is_proposed(
    gain: float, offset: float, head: Picture, proposer: FaceProposer
) -> None:
    picture = with_heads(head, (40, 200, 150)) * gain + offset
    places = proposer.propose(np.clip(picture, 0, 255).astype(np.uint8))
    assert is_proposed(places, square(40, 200, 150))


def test_a_face_in_the_dark_beside_a_bright_part_is_proposed(
    head: Picture, proposer: FaceProposer
) -> None:
    picture = (with_heads(head, (40, 100, 150)) * 0.12 + 10).astype(np.uint8)
    picture[:, 250:] = 230
    assert is_proposed(proposer.propose(picture), square(40, 100, 150))


def test_faces_of_half_the_smallest_size_are_not_proposed(
    head: Picture, proposer: FaceProposer
) -> None:
    places = proposer.propose(with_heads(head, (SMALLEST_PX // 2, 200, 150)))
    assert not is_proposed(places, square(SMALLEST_PX // 2, 200, 150))


@pytest.mark.parametrize("level", [0, 128, 255])
def test_nothing_is_proposed_where_there_is_nothing(level: int, proposer: FaceProposer) -> None:
    assert proposer.propose(np.full((200, 320), level, np.uint8)) == []


@pytest.mark.parametrize("size", [(1, 1), (5, 3), (3, 400), (23, 23), (24, 24), (25, 900)])
def test_any_size_of_picture_can_be_asked(size: tuple[int, int], proposer: FaceProposer) -> None:
    noise = np.random.default_rng(0).integers(0, 256, size, dtype=np.uint8)
    assert isinstance(proposer.propose(noise), list)


def test_the_same_picture_gives_the_same_places(head: Picture, proposer: FaceProposer) -> None:
    picture = with_heads(head, (50, 150, 200), (90, 290, 140))
    assert proposer.propose(picture) == FaceProposer().propose(picture.copy())

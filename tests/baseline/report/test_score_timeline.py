"""A timeline shows each scene where it is, in the colour of what it was taken for."""

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from deepfake_dataset.baseline.report.score_timeline import SceneScores, draw_timeline

BLUE, ORANGE = (37, 99, 201), (217, 96, 15)


def part(start: float, end: float, p_real: list[float], face: bool = True) -> SceneScores:
    crop = np.full((64, 64, 3), 128, np.uint8) if face else None
    times = np.linspace(start, end, len(p_real))
    return SceneScores(start, end, times, np.array(p_real), crop)


def pixels(picture: bytes) -> NDArray[np.uint8]:
    with Image.open(io.BytesIO(picture)) as opened:
        return np.asarray(opened.convert("RGB"))


def columns_of(picture: bytes, colour: tuple[int, int, int]) -> NDArray[np.intp]:
    """Where along the picture's width a colour is, from 0 to 1."""
    shown = pixels(picture)
    near = (np.abs(shown.astype(int) - colour) < 4).all(axis=2)
    return np.flatnonzero(near.any(axis=0)) / shown.shape[1]


def test_a_forged_scene_after_a_real_one_is_seen_there() -> None:
    picture = draw_timeline("a", [part(0, 5, [0.9] * 9), part(5, 10, [0.2] * 9)], 0.5)
    assert columns_of(picture, BLUE).max() < 0.6
    assert columns_of(picture, ORANGE).min() > 0.4


def test_the_threshold_decides_the_colour() -> None:
    picture = draw_timeline("a", [part(0, 5, [0.6] * 9)], 0.7)
    assert not len(columns_of(picture, BLUE))


def test_scenes_without_faces_and_names_with_dollars_are_drawn() -> None:
    parts = [part(0, 1, [], face=False), part(1, 1.5, [0.5])]
    assert pixels(draw_timeline("a$b$ ünïcode.mp4", parts, 0.5)).shape[2] == 3
    assert pixels(draw_timeline("nothing", [], 0.5)).shape[2] == 3


def test_more_scenes_than_fit_are_drawn() -> None:
    many = [part(n, n + 1, [0.5, 0.7]) for n in range(200)]
    assert (
        pixels(draw_timeline("many", many, 0.5)).shape
        == pixels(draw_timeline("few", many[:2], 0.5)).shape
    )


def test_the_same_scores_give_the_same_bytes() -> None:
    parts = [part(0, 5, [0.1, 0.9])]
    assert draw_timeline("a", parts, 0.5) == draw_timeline("a", parts, 0.5)

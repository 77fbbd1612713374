from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from deepfake_dataset.shots.light import LightChange, LightChangeDetector
from deepfake_dataset.shots.thumbnail import Thumbnail

Plane = NDArray[np.float64]
FPS = 10
CELL = 5


def texture(seed: int) -> Plane:
    """Luma of 45 × 80 whose cells all have the mean 100: only what lies within them differs."""
    noise = np.random.default_rng(seed).normal(0, 40, (9, CELL, 16, CELL))
    return np.asarray(100 + noise - noise.mean(axis=(1, 3), keepdims=True)).reshape(45, 80)


def light_found(film: Sequence[Plane]) -> list[LightChange]:
    detector = LightChangeDetector()
    looks = [Thumbnail(n, n / FPS, yuv_of(luma)) for n, luma in enumerate(film)]
    return [change for look in looks if (change := detector.push(look, in_doubt=False))]


def yuv_of(luma: Plane) -> NDArray[np.uint8]:
    grey = np.full_like(luma, 128)
    return np.clip(np.rint(np.dstack([luma, grey, grey])), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("gain", [0.7, 1.4])
def test_a_step_of_light_is_found_where_it_is(gain: float) -> None:
    picture = texture(1)
    (change,) = light_found([picture] * 20 + [picture * gain] * 20)
    assert change.frame == 20


# A cut is known .6 s after it, and light forgets what was before: films go on for little longer.
def test_another_picture_in_another_light_is_no_change_of_light() -> None:
    assert light_found([texture(1)] * 20 + [texture(2) * 1.4] * 15) == []


def test_a_slow_change_is_none_where_another_picture_follows_at_once() -> None:
    brighter = [texture(1) * gain for gain in (1.1, 1.2, 1.3, 1.4, 1.4, 1.4, 1.4, 1.4)]
    assert light_found([texture(1)] * 20 + brighter + [texture(2) * 1.4] * 8) == []


def test_a_slow_change_is_found_while_the_camera_moves_on() -> None:
    wide = np.hstack([texture(seed) for seed in range(3)])
    gains = np.concatenate([np.ones(20), np.linspace(1, 1.5, 8), np.full(20, 1.5)])
    film = [gain * wide[:, 2 * n : 2 * n + 80] for n, gain in enumerate(gains)]
    (change,) = light_found(film)
    assert 20 <= change.frame <= 28

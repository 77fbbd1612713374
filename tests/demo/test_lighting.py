import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepfake_dataset.demo.lighting import COOL, DIM, HARSH, STUDIO, WARM, LightingChange, light_at

GREY = np.full((4, 6, 3), 100, np.uint8)

lights = st.sampled_from([STUDIO, DIM, HARSH, WARM, COOL])


def test_studio_light_changes_nothing() -> None:
    ramp = np.arange(256, dtype=np.uint8).repeat(3).reshape(1, 256, 3)
    assert np.array_equal(STUDIO.shine(ramp), ramp)


def test_lights_do_what_they_are_called() -> None:
    assert DIM.shine(GREY).mean() == pytest.approx(55, abs=1)
    assert HARSH.shine(GREY).mean() < 60
    warm, cool = WARM.shine(GREY)[0, 0].astype(int), COOL.shine(GREY)[0, 0].astype(int)
    assert warm[0] > warm[1] > warm[2]
    assert cool[0] < cool[1] < cool[2]


@given(lights, lights, st.integers(1, 50), st.integers(0, 40))
def test_a_change_begins_and_settles_at_the_frames_it_names(first, then, frame, over) -> None:
    change = LightingChange(frame, then, over)
    assert light_at(frame - 1, first, change) == first
    assert light_at(change.settled, first, change).shine(GREY).tolist() == then.shine(GREY).tolist()
    if first != then:
        assert light_at(frame, first, change) != first


def test_slow_light_moves_one_way_in_small_steps() -> None:
    change = LightingChange(10, DIM, over=20)
    means = [light_at(frame, STUDIO, change).shine(GREY).mean() for frame in range(40)]
    steps = np.diff(means)
    assert (steps <= 0).all()
    assert steps.min() > -5


def test_without_a_change_the_light_stays() -> None:
    assert light_at(99, WARM, None) == WARM

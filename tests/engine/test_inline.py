import pytest

from deepfake_dataset.engine.inline import InlineEngine

from .conformance import *  # noqa: F403
from .conformance import LIMITS, double


@pytest.fixture
def engine() -> InlineEngine:
    return InlineEngine()


def test_items_are_done_here_and_in_their_order():
    assert [o.item for o in InlineEngine().run(double, [3, 1, 2], limits=LIMITS)] == [3, 1, 2]


def interrupt(_: object) -> None:
    raise KeyboardInterrupt


def test_ctrl_c_ends_the_run():
    with pytest.raises(KeyboardInterrupt):
        list(InlineEngine().run(interrupt, [1, 2], limits=LIMITS))

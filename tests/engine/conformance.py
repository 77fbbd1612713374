"""What every engine must do; a backend's test file imports these tests and gives the engine.

from .conformance import *

@pytest.fixture
def engine(): ...     # two items at once
"""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from deepfake_dataset.engine.base import Engine, Outcome
from deepfake_dataset.engine.limits import Limits
from deepfake_dataset.errors import (
    CrashedError,
    DatasetWriteError,
    MemoryLimitError,
    TooShortError,
)

__all__ = [
    "test_a_fault_of_ours_ends_the_run",
    "test_a_function_may_return_none",
    "test_a_library_that_says_so_ran_out_of_memory",
    "test_a_video_error_keeps_its_class_and_message",
    "test_an_engine_serves_one_run_after_another_each_with_its_own_modules",
    "test_any_other_exception_is_a_crash_told_in_a_line_and_its_traceback_is_kept",
    "test_every_item_has_one_outcome_with_its_result",
    "test_items_are_drawn_only_when_they_can_be_begun",
    "test_items_that_fail_to_come_end_the_run",
    "test_leaving_by_sys_exit_is_a_crash",
    "test_leaving_the_loop_early_ends_what_is_under_way",
    "test_no_items_no_outcomes",
    "test_one_fault_costs_its_item_alone",
    "test_what_is_to_be_loaded_is_loaded_once_before_the_first_item",
]

LIMITS = Limits(time_s=60, memory_mb=1000)


def run(engine: Engine, task: Callable[..., object], items: object, **how: object) -> list[Outcome]:
    return list(engine.run(task, items, **{"limits": LIMITS, **how}))


def double(number: int) -> int:
    return 2 * number


def nothing(item: object) -> None:
    pass


def refuse(path: str) -> None:
    raise TooShortError(f"{path}: 1.2 s long")


def stumble(number: int) -> int:
    if number == 1:
        raise ValueError("first line\nsecond line")
    return number


def fill_the_disk(item: str) -> None:
    raise DatasetWriteError("no space left on /data", "free some space")


class error(Exception):  # noqa: N801, N818 - as OpenCV's is called
    pass


def fail_as_opencv_does(_: object) -> None:
    raise error("alloc.cpp:73: error: (-4:Insufficient memory) Failed to allocate 9 bytes")


def test_every_item_has_one_outcome_with_its_result(engine):
    outcomes = run(engine, double, range(7))
    assert sorted((o.item, o.result, o.fault) for o in outcomes) == [
        (n, 2 * n, None) for n in range(7)
    ]


def test_a_function_may_return_none(engine):
    assert run(engine, nothing, [1]) == [Outcome(1, None, None)]


def test_no_items_no_outcomes(engine):
    assert run(engine, double, [], preload=["no_such_module:load"]) == []


def test_a_video_error_keeps_its_class_and_message(engine):
    (outcome,) = run(engine, refuse, ["a.mp4"])
    assert type(outcome.fault) is TooShortError
    assert str(outcome.fault) == "a.mp4: 1.2 s long"
    assert outcome.result is None


def test_any_other_exception_is_a_crash_told_in_a_line_and_its_traceback_is_kept(engine):
    (outcome,) = run(engine, stumble, [1])
    assert type(outcome.fault) is CrashedError
    assert str(outcome.fault) == "ValueError: first line second line"
    assert "in stumble" in "".join(outcome.fault.__notes__)


def test_one_fault_costs_its_item_alone(engine):
    outcomes = run(engine, stumble, range(4))
    assert {o.item: o.result for o in outcomes} == {0: 0, 1: None, 2: 2, 3: 3}


def test_leaving_by_sys_exit_is_a_crash(engine):
    (outcome,) = run(engine, sys.exit, [0])
    assert str(outcome.fault) == "SystemExit: 0"


def test_a_library_that_says_so_ran_out_of_memory(engine):
    (outcome,) = run(engine, fail_as_opencv_does, [0])
    assert type(outcome.fault) is MemoryLimitError


def test_a_fault_of_ours_ends_the_run(engine):
    with pytest.raises(DatasetWriteError, match="no space left") as caught:
        run(engine, fill_the_disk, ["a", "b", "c"])
    assert caught.value.hint == "free some space"


def items_that_end_badly() -> Iterator[int]:
    yield 1
    raise OSError("the folder of the videos is gone")


def test_items_that_fail_to_come_end_the_run(engine):
    with pytest.raises(OSError, match="the folder of the videos is gone"):
        run(engine, double, items_that_end_badly())


def test_items_are_drawn_only_when_they_can_be_begun(engine):
    drawn = []
    endless = (drawn.append(n) or n for n in iter(int, 1))
    with closing(engine.run(double, endless, limits=LIMITS)) as outcomes:
        for _ in range(5):
            next(outcomes)
    assert len(drawn) <= 5 + 2 + 2


def test_leaving_the_loop_early_ends_what_is_under_way(engine):
    threads = threading.active_count()
    with closing(engine.run(double, range(9), limits=LIMITS)) as outcomes:
        assert next(outcomes).fault is None
    assert threading.active_count() <= threads


LOADED: list[float] = []


def load_model() -> None:
    LOADED.append(time.monotonic())


def loads(_: object) -> int:
    return len(LOADED)


def test_what_is_to_be_loaded_is_loaded_once_before_the_first_item(engine):
    LOADED.clear()
    outcomes = run(engine, loads, range(3), preload=[f"{__name__}:load_model"])
    assert [outcome.result for outcome in outcomes] == [1] * 3


def which_is_there(names: tuple[str, ...]) -> list[str]:
    return [name for name in names if name in sys.modules]


def test_an_engine_serves_one_run_after_another_each_with_its_own_modules(
    engine, tmp_path: Path, monkeypatch
):
    for name in ("first_model", "second_model"):
        (tmp_path / f"{name}.py").write_text("")
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    names = ("first_model", "second_model")
    for name in names:
        (outcome,) = run(engine, which_is_there, [names], preload=[name])
        assert name in outcome.result

"""Batches come in order, few at a time, by threads that stand back."""

import os
import subprocess
import sys
import threading

import numpy as np
import pytest

from deepfake_dataset.baseline.data.data_loader import load_batches, map_in_order


def test_results_come_in_the_order_of_items() -> None:
    assert list(map_in_order(lambda n: n * n, range(100), ahead=7)) == [n * n for n in range(100)]


def test_no_more_items_are_taken_than_are_wanted_ahead() -> None:
    taken = []
    items = (taken.append(n) or n for n in range(1000))
    next(iter(map_in_order(lambda n: n, items, ahead=5)))
    assert len(taken) == 6


@pytest.mark.skipif(sys.platform != "linux", reason="threads have no priority of their own")
def test_the_network_goes_first_and_helpers_stand_back() -> None:
    before = _priority()
    assert min(map_in_order(lambda _: _priority(), range(8), ahead=2)) > before
    assert _priority() == before


NICE = """
import os, threading
from deepfake_dataset.baseline.data.data_loader import map_in_order
os.nice(%d)
nice = lambda _: os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
print(*set(map_in_order(nice, range(4), ahead=2)))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="threads have no priority of their own")
@pytest.mark.parametrize(("own", "helpers"), [(0, 14), (3, 17), (19, 19)])
def test_helpers_are_nicer_than_the_process_whatever_its_own_niceness(
    own: int, helpers: int
) -> None:
    inherited = os.getpriority(os.PRIO_PROCESS, 0)
    done = subprocess.run(
        [sys.executable, "-c", NICE % max(0, own - inherited)], capture_output=True, text=True
    )
    assert done.stderr == ""
    assert int(done.stdout) == min(19, max(own, inherited) + 14) >= helpers


def _priority() -> int:
    return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())


def test_luma_has_one_channel() -> None:
    luma = np.arange(16, dtype=np.uint8).reshape(4, 4)
    pixels = next(iter(load_batches(range(1), lambda n: (luma, n), 1))).pixels
    np.testing.assert_array_equal(pixels, luma[None, ..., None])


def test_batches_are_whole_but_the_last() -> None:
    image = np.full((4, 4, 3), 51, np.uint8)
    made = list(load_batches(range(7), lambda n: (image, n % 2), 3))
    assert [len(batch.label) for batch in made] == [3, 3, 1]
    assert made[0].pixels.dtype == np.uint8
    assert (made[0].pixels == 51).all()
    assert made[0].label.tolist() == [[0.0], [1.0], [0.0]]

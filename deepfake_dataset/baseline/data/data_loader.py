"""Loads batches of pixels: threads decode and augment while the network trains.

What is in memory is a few batches, whatever the number of faces. Every image is drawn from a
seed of its own, so that batches do not depend on which thread was quicker.
"""

import os
import sys
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from deepfake_dataset.baseline.data.read_image import Image
from deepfake_dataset.settings import available_cores

_STANDS_BACK = 14
"""How much nicer helpers are than the process itself, whose niceness only root can lower."""
_NICEST = 19
"""Priority of a helping thread, as of the command ``nice``. With less of it the network waits for
helpers, a twentieth of its time at 10; at 19 other work on the machine starves them."""
T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Pixels of (n, size, size, 3), or 1 of luma, and (n, 1) labels: 1 real, 0 fake."""

    pixels: Image
    label: NDArray[np.float32]


def map_in_order(
    work: Callable[[T], R], items: Iterable[T], ahead: int
) -> Generator[R, None, None]:
    """``work`` of each item, done by a thread a core, with at most ``ahead`` items under way.

    When it is closed its threads have ended.
    """
    with ThreadPoolExecutor(available_cores(), initializer=_as_helper) as pool:
        waiting: deque[Future[R]] = deque()
        try:
            for item in items:
                waiting.append(pool.submit(work, item))
                if len(waiting) > ahead:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def _as_helper() -> None:
    """Set up a thread that works beside a network.

    OpenCV's own threads would only wait for each other. The network's threads wait for the last
    of them at every operation, so that one held up by a helper holds up all; on Linux, where
    threads have priorities of their own, helpers stand back.
    """
    cv2.setNumThreads(1)
    if sys.platform == "linux":
        own = threading.get_native_id()
        niceness = min(_NICEST, os.getpriority(os.PRIO_PROCESS, own) + _STANDS_BACK)
        os.setpriority(os.PRIO_PROCESS, own, niceness)


def load_batches(
    items: Iterable[T], make: Callable[[T], tuple[Image, int]], batch: int
) -> Generator[Batch, None, None]:
    """Batches of what ``make`` gives for each item, an image and its label; the last may be short.

    Raises :class:`ImagesError` where an image cannot be read.
    """
    left = iter(items)
    parts = iter(lambda: list(islice(left, batch)), [])
    return map_in_order(lambda part: _batch(list(map(make, part))), parts, ahead=available_cores())


def _batch(made: list[tuple[Image, int]]) -> Batch:
    pixels = np.stack([np.atleast_3d(image) for image, _ in made])
    return Batch(pixels, np.array([label for _, label in made], np.float32)[:, None])

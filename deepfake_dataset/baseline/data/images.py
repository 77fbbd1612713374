"""Faces on disk to batches of pixels, decoded and augmented by threads while the network trains.

What is in memory is a few batches, whatever the number of faces. Every image is drawn from a
seed of its own, so that batches do not depend on which thread was quicker.
"""

import os
import sys
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TypeVar, cast

import cv2
import numpy as np
import PIL.Image
from numpy.typing import NDArray

from deepfake_dataset.baseline.data.examples import Examples
from deepfake_dataset.errors import ImagesError
from deepfake_dataset.settings import available_cores

MOST_UNREADABLE = 0.01
"""Share of images; with more of them, something is wrong with the set and not with a file."""
_NAMED = 5
_STANDS_BACK = 14
"""How much nicer helpers are than the process itself, whose niceness only root can lower."""
_NICEST = 19
"""Priority of a helping thread, as of the command ``nice``. With less of it the network waits for
helpers, a twentieth of its time at 10; at 19 other work on the machine starves them."""

Image = NDArray[np.uint8]
T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Pixels of (n, size, size, 3), or 1 of luma, and (n, 1) labels: 1 real, 0 fake."""

    pixels: Image
    label: NDArray[np.float32]


def read_image(file: Path, *, grey: bool = False) -> Image:
    """Uint8 RGB of (height, width, 3), or luma of (height, width).

    Raises :class:`ImagesError` that names the file.
    """
    data, how = b"", cv2.IMREAD_GRAYSCALE if grey else cv2.IMREAD_COLOR_RGB
    with suppress(OSError):
        data = file.read_bytes()
    image = cv2.imdecode(np.frombuffer(data, np.uint8), how) if data else None
    if image is None:
        problem = "cannot be read as an image" if file.exists() else "is missing"
        raise ImagesError(f"{file} {problem}", "restore the file, or leave it out of the set")
    return cast(Image, image)


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


def batches(
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


def split_readable(examples: Examples) -> tuple[Examples, tuple[str, ...]]:
    """The examples whose images can be read to the end, and the paths of the others.

    Raises :class:`ImagesError` where the others are more than :data:`MOST_UNREADABLE`.
    """
    sound = np.array(list(map_in_order(_is_sound, examples.files, ahead=64)), np.bool_)
    bad = tuple(examples.path[~sound].tolist())
    if len(bad) > MOST_UNREADABLE * len(examples):
        raise ImagesError(
            f"{len(bad)} of {len(examples)} images below {examples.folder} are missing or"
            f" unreadable: {name_first_few(bad)}",
            f"restore them, or leave them out of the set; up to {MOST_UNREADABLE:.0%} are passed"
            " over",
        )
    return examples.at(sound), bad


def name_first_few(names: tuple[str, ...]) -> str:
    """The first few names, and how many more there are."""
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def _is_sound(file: Path) -> bool:
    """Pillow refuses a file that ends too soon, where OpenCV fills the rest with grey."""
    try:
        with PIL.Image.open(file) as image:
            image.load()
    except (OSError, SyntaxError, ValueError, PIL.Image.DecompressionBombError):
        return False
    return True

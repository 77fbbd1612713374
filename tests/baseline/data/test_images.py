"""Images come in order, few at a time; bad ones are named."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from deepfake_dataset.baseline.data.examples import folder_examples
from deepfake_dataset.baseline.data.images import batches, map_in_order, read_image, split_readable
from deepfake_dataset.errors import ImagesError

from ..conftest import MakeFaces


def _cut(file: Path) -> None:
    data = file.read_bytes()
    file.write_bytes(data[: len(data) // 2])


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
from deepfake_dataset.baseline.data.images import map_in_order
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
    pixels = next(iter(batches(range(1), lambda n: (luma, n), 1))).pixels
    np.testing.assert_array_equal(pixels, luma[None, ..., None])


def test_batches_are_whole_but_the_last() -> None:
    image = np.full((4, 4, 3), 51, np.uint8)
    made = list(batches(range(7), lambda n: (image, n % 2), 3))
    assert [len(batch.label) for batch in made] == [3, 3, 1]
    assert made[0].pixels.dtype == np.uint8
    assert (made[0].pixels == 51).all()
    assert made[0].label.tolist() == [[0.0], [1.0], [0.0]]


def test_up_to_one_in_a_hundred_unreadable_images_are_passed_over(make_faces: MakeFaces) -> None:
    folder = make_faces(each=100, side=8)
    _cut(folder / "real" / "007.png")
    (folder / "df" / "003.png").write_bytes(b"")
    sound, bad = split_readable(folder_examples(folder))
    assert bad == ("df/003.png", "real/007.png")
    assert len(sound) == 198


def test_more_of_them_are_an_error_that_counts_and_names_them(make_faces: MakeFaces) -> None:
    folder = make_faces(each=100, side=8)
    examples = folder_examples(folder)
    for n in range(8):
        (folder / "df" / f"{n:03d}.png").unlink()
    with pytest.raises(ImagesError, match=r"8 of 200 images .*df/000\.png.* and 3 more"):
        split_readable(examples)


def test_an_image_is_red_green_blue(tmp_path: Path) -> None:
    import PIL.Image

    PIL.Image.new("RGB", (5, 3), (10, 20, 30)).save(tmp_path / "a.png")
    assert read_image(tmp_path / "a.png").shape == (3, 5, 3)
    assert read_image(tmp_path / "a.png")[0, 0].tolist() == [10, 20, 30]


@pytest.mark.parametrize(("content", "problem"), [(None, "is missing"), (b"x", "cannot be read")])
def test_what_is_no_image_is_named(tmp_path: Path, content: bytes | None, problem: str) -> None:
    file = tmp_path / "a.png"
    if content:
        file.write_bytes(content)
    with pytest.raises(ImagesError, match=f"a.png {problem}"):
        read_image(file)

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from deepfake_dataset.faces.crop import encode_png

Picture = NDArray[np.uint8]


def decoded(png: bytes) -> Picture:
    bgr = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_UNCHANGED)
    return np.asarray(bgr[..., ::-1], dtype=np.uint8)


@pytest.mark.parametrize("size", [(1, 1), (32, 32), (256, 256), (300, 300), (3, 7)])
def test_every_pixel_is_kept(size: tuple[int, int]) -> None:
    crop = np.random.default_rng(size).integers(0, 256, (*size, 3)).astype(np.uint8)
    assert (decoded(encode_png(crop)) == crop).all()


def test_pixels_that_are_no_block_of_memory_are_kept(astronaut: Picture) -> None:
    part = astronaut[10:90, 20:120]
    assert (decoded(encode_png(part)) == part).all()


def test_the_same_pixels_are_the_same_bytes(astronaut: Picture) -> None:
    assert encode_png(astronaut) == encode_png(astronaut.copy())


def test_a_crop_is_no_larger_than_by_opencv_s_fastest_settings(astronaut: Picture) -> None:
    crop = np.ascontiguousarray(astronaut[:256, 100:356])
    huffman = [cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_STRATEGY_HUFFMAN_ONLY]
    peer = cv2.imencode(
        ".png", crop, [cv2.IMWRITE_PNG_FILTER, cv2.IMWRITE_PNG_FILTER_AVG, *huffman]
    )
    assert len(encode_png(crop)) <= 1.1 * len(peer[1])

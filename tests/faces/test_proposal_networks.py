from functools import cache

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from deepfake_dataset.faces.model_files import model_file
from deepfake_dataset.faces.proposal_networks import CoarseNetwork, FineNetwork

Picture = NDArray[np.uint8]
Floats = NDArray[np.float32]


@cache
def whole_network(name: str) -> cv2.dnn.Net:
    return cv2.dnn.readNetFromONNX(str(model_file(name)))


def by_opencv(name: str, pictures: Picture, *outputs: str) -> list[Floats]:
    """What OpenCV says of three equal channels; scores as the logarithm of the odds."""
    network = whole_network(name)
    grey = (pictures.astype(np.float32) - 127.5) / 128
    network.setInput(np.repeat(grey[..., None], 3, axis=-1))
    moves, likely = network.forward(outputs)
    likely = np.clip(likely, 1e-6, 1 - 1e-6)
    return [moves, np.log(likely[..., 1] / likely[..., 0])]


def is_about(score: Floats, odds: Floats) -> bool:
    """Whether scores are right where they could decide; .1 is .025 of a probability there."""
    off = np.abs(score.clip(-4, 4) - odds.clip(-4, 4))
    return bool(score.shape == odds.shape and np.quantile(off, 0.95) < 0.1 and off.max() < 0.4)


@pytest.fixture(scope="module")
def luma(astronaut: Picture) -> Picture:
    return np.asarray(cv2.cvtColor(astronaut, cv2.COLOR_RGB2GRAY), np.uint8)


@pytest.mark.parametrize("size", [(12, 12), (13, 40), (64, 31), (150, 200)])
def test_the_coarse_network_says_what_opencv_makes_of_it(
    size: tuple[int, int], luma: Picture
) -> None:
    picture = np.ascontiguousarray(cv2.resize(luma, size, interpolation=cv2.INTER_AREA))
    moves, score = CoarseNetwork()(picture)
    expected, odds = (
        out[0] for out in by_opencv("pnet.onnx", picture[None], "conv2d_4", "softmax")
    )
    assert moves.shape == expected.shape
    assert is_about(score, odds)
    np.testing.assert_allclose(moves, expected, atol=0.02)


def test_the_fine_network_says_what_opencv_makes_of_it(luma: Picture) -> None:
    places = np.random.default_rng(0).integers(0, 400, (100, 2))
    windows = [cv2.resize(luma[y : y + 96, x : x + 96], (24, 24)) for y, x in places.tolist()]
    pictures = np.stack(windows).astype(np.uint8)
    moves, score = FineNetwork()(pictures)
    expected, odds = by_opencv("rnet.onnx", pictures, "dense_2", "softmax_1")
    assert is_about(score, odds)
    np.testing.assert_allclose(moves, expected, atol=0.03)


def test_pictures_are_told_alike_alone_and_among_others(luma: Picture) -> None:
    pictures = np.stack([luma[at : at + 24, at : at + 24] for at in range(0, 400, 4)])
    network = FineNetwork()
    together = network(pictures)
    alone = [network(picture[None]) for picture in pictures]
    for at, part in enumerate(together):
        np.testing.assert_array_equal(part, np.concatenate([one[at] for one in alone]))


@pytest.mark.parametrize("network", [CoarseNetwork, FineNetwork])
def test_every_sum_that_can_come_up_is_exact(network: type[CoarseNetwork | FineNetwork]) -> None:
    """Whatever the order of adding: no part of a sum is a fraction, nor beyond 24 bits."""
    most = 255
    for layer in network()._layers:
        assert (layer.weights == np.rint(layer.weights)).all()
        largest = np.append(np.full(layer.weights.shape[1] - 1, most), 1)
        assert (np.abs(layer.weights.astype(np.float64)) * largest).sum(axis=1).max() < 1 << 24
        levels = layer.in_levels(np.array([-1e30, 0.3, 1e30], np.float32))
        most = round(float(np.abs(levels).max()))

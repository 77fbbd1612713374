"""The first two networks of MTCNN (Zhang et al. 2016), the same numbers on every processor.

Libraries that run networks add up in another order on each kind of processor, and a place that is
proposed or not changes what is found. Here weights and what passes between layers are whole
numbers, so few and so small that a float of single precision holds every sum without an error:
whatever the order, it comes out the same, and a BLAS may do it. Scores differ from those of the
networks by .005 at the median, less than a shift of the picture by a pixel makes.

Arrays are (channels, pictures, height, width).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from deepfake_dataset.faces.model_files import model_file
from deepfake_dataset.video.frame import Image

Floats = NDArray[np.float32]

# Whole numbers up to here are exact in single precision, sums of them too.
_MOST = 1 << 24
# Levels that a layer's output has on either side of 0: more leave less for weights.
_LEVELS = 1023
# Pictures that pass the finer network together: memory is bounded.
_AT_ONCE = 64
# What is the most that layers may give, by what they gave for ten thousand faces and other things.
_COARSE_RANGE, _FINE_RANGE = (16.0, 16.0, 16.0), (8.0, 6.0, 4.0, 4.0)


@dataclass(frozen=True, slots=True, eq=False)
class _Layer:
    """A convolution in whole numbers, and the parametric ReLU after it."""

    side: int
    """Of the squares that it looks at."""
    weights: Floats
    """(outputs, places × channels + 1): the last one is added."""
    scale: np.float32
    """What one in a sum is worth, in levels of the output; of the last layer, as it is."""
    slope: Floats
    """(outputs, 1, 1, 1) by which sums below 0 are multiplied; of the last layer, 1."""

    def sums(self, inputs: Floats) -> Floats:
        """(outputs, pictures, height, width), smaller by the square's side less one."""
        channels, pictures, height, width = inputs.shape
        flat, side = inputs.reshape(channels, -1), self.side
        # A picture's rows, and pictures, follow each other: a step down is so many to the right.
        count = flat.shape[1] - (side - 1) * (width + 1)
        seen = np.empty((side * side * channels + 1, count), np.float32)
        for place in range(side * side):
            begin = place // side * width + place % side
            seen[place * channels : (place + 1) * channels] = flat[:, begin : begin + count]
        seen[-1] = 1
        sums = np.empty((len(self.weights), flat.shape[1]), np.float32)
        np.matmul(self.weights, seen, out=sums[:, :count])
        whole = sums.reshape(-1, pictures, height, width)
        return whole[:, :, : height - side + 1, : width - side + 1]

    def rectified(self, sums: Floats) -> Floats:
        """Sums below 0 multiplied by the channel's slope."""
        bent = sums * self.slope
        rectified = np.maximum(sums, bent)
        for channel in np.flatnonzero(self.slope > 1):
            np.minimum(sums[channel], bent[channel], out=rectified[channel])
        return np.asarray(rectified)

    def in_levels(self, sums: Floats) -> Floats:
        """As whole numbers for the next layer."""
        levels = sums * self.scale
        np.rint(levels, out=levels)
        return np.asarray(levels.clip(-_LEVELS, _LEVELS, out=levels))


class CoarseNetwork:
    """P-Net: where in a picture faces of about 12 pixels may be."""

    def __init__(self) -> None:
        first, slope, *inner, box, odds = _blobs("pnet.onnx")
        blobs = [_of_grey(first), slope, *inner, _side_by_side(box, odds)]
        self._layers = _layers(blobs, _COARSE_RANGE)

    def __call__(self, picture: Image) -> tuple[Floats, Floats]:
        """How far to move a box of 12 pixels at every second place (w', h', 4), and scores.

        Of a grey picture (w, h) of at least 12 pixels each way. Scores (w', h') are the logarithm
        of the odds that a face is there.
        """
        first, *inner, last = self._layers
        levels = first.in_levels(_pooled(first.rectified(first.sums(_input(picture[None]))), 2))
        for layer in inner:
            levels = layer.in_levels(layer.rectified(layer.sums(levels)))
        out = (last.sums(levels) * last.scale)[:, 0]
        return out[:4].transpose(1, 2, 0), out[5] - out[4]


class FineNetwork:
    """R-Net: whether pictures of 24 pixels show faces."""

    def __init__(self) -> None:
        first, slope, *inner, dense, bend, box, odds = _blobs("rnet.onnx")
        out = _side_by_side(_as_convolution(box, 1), _as_convolution(odds, 1))
        blobs = [_of_grey(first), slope, *inner, _as_convolution(dense, 3), bend, out]
        self._layers = _layers(blobs, _FINE_RANGE)

    def __call__(self, pictures: Image) -> tuple[Floats, Floats]:
        """How far to move boxes (n, 4), in their widths, and scores (n,) as above.

        Of grey pictures (n, 24, 24).
        """
        parts = [
            self._some(pictures[begin : begin + _AT_ONCE])
            for begin in range(0, len(pictures), _AT_ONCE)
        ]
        out = np.concatenate(parts, axis=1)
        return out[:4].T, out[5] - out[4]

    def _some(self, pictures: Image) -> Floats:
        *pooled, third, dense, last = self._layers
        levels = _input(pictures)
        for layer in pooled:
            levels = layer.in_levels(_pooled(layer.rectified(layer.sums(levels)), 3))
        for layer in (third, dense):
            levels = layer.in_levels(layer.rectified(layer.sums(levels)))
        return (last.sums(levels) * last.scale)[:, :, 0, 0]


def _blobs(name: str) -> list[list[Floats]]:
    """Of each layer its weights (outputs, channels, h, w) and biases, or its slopes."""
    network = cv2.dnn.readNetFromONNX(str(model_file(name)))
    layers = map(network.getLayer, network.getLayerNames())
    return [[np.asarray(blob) for blob in layer.blobs] for layer in layers if layer.blobs]


def _of_grey(blobs: Sequence[Floats]) -> list[Floats]:
    """For one channel of grey: its weights are the sums of those for red, green and blue."""
    return [blobs[0].sum(axis=1, keepdims=True), blobs[1]]


def _side_by_side(one: Sequence[Floats], other: Sequence[Floats]) -> list[Floats]:
    """Two layers that read the same as one, the first one's outputs first."""
    return [np.concatenate(pair) for pair in zip(one, other, strict=True)]


def _as_convolution(blobs: Sequence[Floats], side: int) -> list[Floats]:
    """A layer that reads all of a square: weights (h × w × channels, outputs) and biases."""
    weights, bias = blobs
    whole = weights.reshape(side, side, -1, weights.shape[1])
    return [whole.transpose(3, 2, 0, 1), bias]


def _layers(blobs: Sequence[Sequence[Floats]], ranges: Sequence[float]) -> list[_Layer]:
    """Layers of a network from weights and biases, then slopes, and so on; the last has none."""
    layers, step, most = [], 1 / 256, 255
    for (weights, bias), slopes, range_ in zip(
        blobs[::2], [*blobs[1::2], None], [*ranges, None], strict=True
    ):
        out = range_ / _LEVELS if range_ else 1.0
        slope = slopes[0].ravel() if slopes else np.ones(len(weights), np.float32)
        layers.append(_layer(weights, bias.ravel(), slope, step, most, out))
        step, most = out, _LEVELS
    return layers


def _layer(
    weights: Floats, bias: Floats, slope: Floats, step: float, most: int, out: float
) -> _Layer:
    """One layer, its weights as fine as sums allow.

    Its input is whole numbers up to ``most`` that are worth ``step``; its output's are worth
    ``out``.
    """
    flat = weights.transpose(0, 2, 3, 1).reshape(len(weights), -1).astype(np.float64)
    whole = np.column_stack([flat, bias / step])
    largest = np.append(np.full(flat.shape[1], most), 1)
    fineness = max(
        2.0**power
        for power in range(24)
        if (np.abs(np.rint(whole * 2.0**power)) * largest).sum(axis=1).max() < _MOST
    )
    exact = np.rint(whole * fineness).astype(np.float32)
    return _Layer(
        weights.shape[-1], exact, np.float32(step / fineness / out), slope[:, None, None, None]
    )


def _input(pictures: Image) -> Floats:
    """Grey pictures (n, w, h) as the first layer takes them: odd numbers, 255 for white."""
    return np.asarray(pictures, np.float32)[None] * np.float32(2) - np.float32(255)


def _pooled(inputs: Floats, side: int) -> Floats:
    """The largest of squares, two steps from each other; at the ends they may be cut off."""
    for axis in (2, 3):
        if (inputs.shape[axis] - side) % 2:
            inputs = np.concatenate([inputs, inputs.take([-1], axis)], axis)
        begin = [slice(None)] * axis
        parts = [inputs[*begin, at : inputs.shape[axis] - side + at + 1 : 2] for at in range(side)]
        inputs = np.maximum.reduce(parts) if side > 2 else np.maximum(*parts)
    return inputs

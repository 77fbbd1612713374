"""The landmark model: an ensemble of regression trees, for many faces at once.

The same model file gives the same points as with dlib's ``shape_predictor``, but for dlib's
rounding to whole pixels, in a third of the time: dlib goes through the 65 MB of the 68-point model
face by face, and waits for memory at every tree. Here all faces pass a stage of the cascade
together. Sums are made in another order, so in some faces of 200 pixels a point lies a pixel or
two elsewhere, no nearer to the truth and no further from it (``benchmarks/align.py``). The order
is the same on every processor.
"""

from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Any

import dlib
import numpy as np
from numpy.typing import NDArray

from deepfake_dataset.errors import UsageError
from deepfake_dataset.faces.dlib_file_format import fractions, read_numbers
from deepfake_dataset.faces.model_cache import parsed_model
from deepfake_dataset.records import Box
from deepfake_dataset.video.frame import Image

Points = NDArray[np.float64]
Floats = NDArray[np.float32]

# Faces that pass the trees together: what is known of them stays in the nearer caches.
_FACES = 64
# Trees whose leaves are fetched and added up at once: those of so many stay in caches too.
_TREES = 50
_LAYOUT = 1
"""Raised whenever :func:`_parse` would give other arrays for the same file."""


@dataclass(frozen=True, slots=True)
class _Stage:
    """One step of the cascade: pixels read about the points, trees that compare them, moves."""

    anchors: NDArray[np.intp]
    """(pixels,) the point that each pixel is read about."""
    offsets: Floats
    """(pixels, 2) where from it, in a face of the mean shape."""
    bright: NDArray[np.intp]
    """(splits, trees) the pixel that is brighter where the way goes left."""
    dark: NDArray[np.intp]
    """(splits, trees) than this one."""
    least: NDArray[np.int16]
    """(splits, trees, 1) by more than so many levels."""
    moves: Floats
    """(trees × leaves, points × 2) what a leaf adds to the points."""


class ShapePredictor:
    """The model in one of dlib's files. All of its trees are of one depth."""

    def __init__(self, path: Path) -> None:
        """Raises :class:`ValueError` where the file is damaged, or something else."""
        self._mean, *rest = parsed_model(path, _LAYOUT, _parse)
        each = len(fields(_Stage))
        self._stages = [_Stage(*rest[at : at + each]) for at in range(0, len(rest), each)]
        splits, trees = self._stages[0].bright.shape
        self._leaf = _leaves(splits)
        self._first = np.arange(0, trees * (splits + 1), splits + 1, dtype=np.int32)[:, None]

    def find(self, pictures: Sequence[Image], boxes: Sequence[Box]) -> list[Points]:
        """The points (n, 2) of the face in a box of each picture (h, w), in its pixels."""
        found: list[Points] = []
        for begin in range(0, len(boxes), _FACES):
            part = slice(begin, begin + _FACES)
            found.extend(self._find(_Faces(pictures[part], boxes[part])))
        return found

    def _find(self, faces: "_Faces") -> Points:
        shapes = np.repeat(self._mean[None], faces.count, axis=0)
        for stage in self._stages:
            levels = faces.read(_places(stage, shapes, self._mean))
            shapes = shapes + self._moves(stage, levels).reshape(shapes.shape)
        return faces.in_pixels(shapes)

    def _moves(self, stage: _Stage, levels: NDArray[np.int16]) -> Floats:
        """What the trees add up to: (faces, points × 2), for levels of (pixels, faces).

        Every split is asked, as that costs less than finding out which to ask. A tree's answers
        together are a number that says which leaf they lead to.
        """
        answers = np.zeros((stage.bright.shape[1], levels.shape[1]), np.uint16)
        for split, (bright, dark) in enumerate(zip(stage.bright, stage.dark, strict=True)):
            left = levels.take(bright, axis=0) - levels.take(dark, axis=0) > stage.least[split]
            answers |= left.astype(np.uint16) << np.uint16(split)
        leaves = self._leaf[answers] + self._first
        moves = np.zeros((leaves.shape[1], stage.moves.shape[1]), np.float32)
        for begin in range(0, len(leaves), _TREES):
            moves += stage.moves.take(leaves[begin : begin + _TREES], axis=0).sum(axis=0)
        return moves


class DlibShapePredictor:
    """dlib's own, for files that it reads and :class:`ShapePredictor` does not."""

    def __init__(self, path: Path) -> None:
        """Raises :class:`UsageError` where dlib does not read the file either."""
        try:
            self._predictor = dlib.shape_predictor(str(path))
        except RuntimeError as error:
            raise UsageError(
                f"the model file {path} is damaged: {error}",
                "install the package that it belongs to once more",
            ) from error

    def find(self, pictures: Sequence[Image], boxes: Sequence[Box]) -> list[Points]:
        """As :meth:`ShapePredictor.find`, in the middles of whole pixels."""
        return [self._find(*face) for face in zip(pictures, boxes, strict=True)]

    def _find(self, picture: Image, box: Box) -> Points:
        left, top, right, bottom = map(round, astuple(box))
        shape = self._predictor(picture, dlib.rectangle(left, top, right - 1, bottom - 1))
        return np.array([(p.x, p.y) for p in shape.parts()], np.float64) + 0.5


class _Faces:
    """Pictures side by side, and in each the box that a face's points are measured by."""

    def __init__(self, pictures: Sequence[Image], boxes: Sequence[Box]) -> None:
        self.count = len(boxes)
        self._pixels = np.concatenate([picture.ravel() for picture in pictures])
        self._begin = np.cumsum([0, *(picture.size for picture in pictures[:-1])], dtype=np.int32)
        self._size = np.array([picture.shape[::-1] for picture in pictures], np.uint32).T
        # dlib's shapes reach from the middle of a box's first pixel to the middle of its last.
        self._corner = np.array([(box.left, box.top) for box in boxes], np.float32).T
        self._side = np.array([(box.width - 1, box.height - 1) for box in boxes], np.float32).T

    def read(self, places: Floats) -> NDArray[np.int16]:
        """Levels (pixels, faces) at places (2, pixels, faces) in boxes; 0 outside the pictures."""
        x, y = np.floor(self._on_grid(places) + np.float32(0.5)).astype(np.int32)
        width, height = self._size
        # Numbers below zero are huge ones to a comparison that knows no sign.
        inside = (x.view(np.uint32) < width) & (y.view(np.uint32) < height)
        at = (self._begin + y * width.astype(np.int32) + x) * inside
        return np.asarray(self._pixels[at] * inside, np.int16)

    def in_pixels(self, shapes: Floats) -> Points:
        """Shapes (faces, points, 2) in boxes as places in pictures, from their corners."""
        return self._on_grid(shapes.T).T.astype(np.float64) + 0.5

    def _on_grid(self, places: Floats) -> Floats:
        """From boxes to pixels, a pixel's middle being whole: (2, …, faces)."""
        return places * self._side[:, None] + self._corner[:, None]


def _parse(path: Path) -> list[NDArray[Any]]:
    """The mean shape of a model, and then the arrays of its stages in turn."""
    numbers = _Numbers(read_numbers(np.fromfile(path, np.uint8)))
    version, values, _ = numbers.take(3).tolist()
    if version != 1:
        raise ValueError("not a shape predictor of dlib's")
    arrays: list[NDArray[Any]] = [fractions(numbers.take(-2 * values).reshape(-1, 2, 2))]
    forests = [numbers.forest(-values) for _ in range(numbers.one())]
    anchors = [numbers.take(numbers.one()) for _ in range(numbers.one())]
    offsets = [numbers.take(4 * numbers.one()) for _ in range(numbers.one())]
    for about, by, forest in zip(anchors, offsets, forests, strict=True):
        arrays += [about.astype(np.intp), fractions(by.reshape(-1, 2, 2)), *forest]
    return arrays


class _Numbers:
    """The numbers of a file, read in turns."""

    def __init__(self, numbers: NDArray[np.int32]) -> None:
        self._numbers, self._at = numbers, 0

    def take(self, count: int) -> NDArray[np.int32]:
        """The next so many; raises :class:`ValueError` where there are fewer."""
        taken = self._numbers[self._at : self._at + max(0, count)]
        if count < 0 or len(taken) < count:
            raise ValueError("the file ends too soon")
        self._at += count
        return taken

    def one(self) -> int:
        return int(self.take(1)[0])

    def forest(
        self, values: int
    ) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.int16], Floats]:
        """The splits and leaves of one stage, as :class:`_Stage` holds them.

        A tree is a list of splits, each two pixels and a threshold, and a list of leaves, each a
        column of so many values.
        """
        trees, splits = self.take(2).tolist()
        self._at -= 1  # each tree begins with the number of its splits
        one_leaf, first_leaf = 2 + 2 * values, 2 + 4 * splits
        all_ = self.take(trees * (first_leaf + (splits + 1) * one_leaf)).reshape(trees, -1)
        if (all_[:, 0] != splits).any() or (all_[:, first_leaf - 1] != splits + 1).any():
            raise ValueError("trees of different depths")
        split = all_[:, 1 : first_leaf - 1].reshape(trees, splits, 4).transpose(1, 0, 2)
        # Levels are whole: to be above a fraction is to be above the whole number below it.
        least = np.floor(fractions(split[..., 2:])).astype(np.int16)[..., None]
        leaves = all_[:, first_leaf:].reshape(-1, one_leaf)[:, 2:].reshape(-1, values, 2)
        bright, dark = split[..., 0].astype(np.intp), split[..., 1].astype(np.intp)
        return bright, dark, least, fractions(leaves)


def _places(stage: _Stage, shapes: Floats, mean: Floats) -> Floats:
    """Where the pixels of a stage are read, (2, pixels, faces), in boxes.

    Offsets are turned and scaled as the mean shape (points, 2) best fits each of the shapes
    (faces, points, 2): the least-squares similarity (Umeyama 1991), in closed form in the plane.
    """
    centred = mean - mean.mean(axis=0)
    power = np.sum(centred**2)
    along = np.einsum("ij,fij->f", centred, shapes) / power
    across = (
        np.einsum("i,fi->f", centred[:, 0], shapes[..., 1])
        - np.einsum("i,fi->f", centred[:, 1], shapes[..., 0])
    ) / power
    x, y = stage.offsets.T[..., None]
    moved = np.stack([along * x - across * y, across * x + along * y])
    return np.asarray(moved + np.ascontiguousarray(shapes.T)[:, stage.anchors])


def _leaves(splits: int) -> NDArray[np.int32]:
    """The leaf that a tree's answers lead to: bit n of the index is whether split n says left.

    From split i the way goes left to 2 i + 1 or right to 2 i + 2; what is no split is a leaf.
    """
    answers = np.arange(1 << splits)
    at = np.zeros(len(answers), np.int32)
    while at[0] < splits:
        left = (answers >> at) & 1
        at = 2 * at + 2 - left.astype(np.int32)
    return at - np.int32(splits)

"""How a baseline is trained: one small frozen record, and four recipes made of it."""

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any

from deepfake_dataset.errors import RecipeError

_CHOICES = {
    "loss": ("crossentropy", "squared"),
    "schedule": ("constant", "decades", "cosine"),
    "resize": ("area", "nearest"),
}
_SHARES = ("label_smoothing", "group_power", "grey", "nearest", "jpeg", "self_blend")
_BELOW_ONE = ("zoom", "brightness", "contrast", "label_smoothing")
_COUNTS = ("epochs", "batch", "accumulate")


@dataclass(frozen=True, slots=True)
class Recipe:
    """Every number of a training; each can be set with ``--set name=value``.

    Amounts of augmentation are the widest ones: each image draws its own. Zero is off.
    """

    model: str = "meso4"
    seed: int = 1
    epochs: int = 30
    patience: int = 0
    """Epochs without a better validation before the training stops; 0 never stops early."""
    batch: int = 32
    """Images an update of the weights."""
    accumulate: int = 1
    """Parts that a batch is computed in, where memory is short; batch statistics are a part's."""

    loss: str = "crossentropy"
    label_smoothing: float = 0.0
    learning_rate: float = 1e-3
    schedule: str = "constant"
    """``constant``; ``decades``: a tenth every 1000 updates, not below 1e-6; ``cosine``: up
    over the first twentieth of all updates, then down to a hundredth along a cosine."""
    weight_decay: float = 0.0

    bias: bool = False
    """Whether calibration moves scores, so that of faces never seen both classes are recognised
    alike, or only makes them as sure as they are right."""

    balance_classes: bool = False
    """As many real as forged faces in every batch."""
    group_power: float = 1.0
    """A group of n faces is drawn in proportion to n to this power: 1 is each face alike, 0 each
    group alike, .5 between the two."""

    resize: str = "area"
    """How faces of other sizes are brought to the network's: ``area`` or ``nearest``."""
    levelled: bool = False
    """Whether faces are shown in grey and at one brightness and contrast, in training and later."""
    flip: bool = False
    zoom: float = 0.0
    zoom_apart: bool = False
    """Width and height are zoomed apart, as Keras's ``zoom_range`` does."""
    rotate_deg: float = 0.0
    shift: float = 0.0
    """Over the side of the image."""
    brightness: float = 0.0
    channel_shift: float = 0.0
    """Added to all channels, in steps of 255."""
    contrast: float = 0.0
    gamma: float = 0.0
    """Exponents from 1 / (1 + gamma) to 1 + gamma."""
    hue_deg: float = 0.0
    saturation: float = 0.0
    grey: float = 0.0
    """Share of images without colour."""
    smallest_px: int = 0
    """Images are shrunk to a side between this and the network's, and enlarged again."""
    nearest: float = 0.0
    """Share of images resized without interpolation."""
    blur: float = 0.0
    """Standard deviation of a Gaussian, in pixels."""
    sharpen: float = 0.0
    noise: float = 0.0
    """Standard deviation, in steps of 255."""
    jpeg: float = 0.0
    """Share of images compressed once more."""
    worst_quality: int = 30
    """Lowest JPEG quality of those."""
    self_blend: float = 0.0
    """Share of forged faces that are made on the spot from real ones: the inside of the face at a
    lower resolution and in other colours, blended back."""

    def __post_init__(self) -> None:
        """Raise :class:`RecipeError` for what cannot be."""
        for name, choices in _CHOICES.items():
            if getattr(self, name) not in choices:
                raise RecipeError(
                    f"{name}={getattr(self, name)} is not known", f"known are {', '.join(choices)}"
                )
        for f in fields(self):
            _check(f.name, getattr(self, f.name))
        if self.batch % self.accumulate:
            raise RecipeError(
                f"a batch of {self.batch} has no {self.accumulate} equal parts",
                "make accumulate a divisor of batch",
            )


def _check(name: str, value: Any) -> None:
    if isinstance(value, str):
        return
    low = 1 if name in _COUNTS else 0
    high = 1.0 if name in _SHARES or name in _BELOW_ONE else 1e9
    if not low <= value <= high or (name in _BELOW_ONE and value == 1):
        most = f"to {'below ' if name in _BELOW_ONE else ''}1" if high == 1 else "up"
        raise RecipeError(f"{name}={value} is out of range", f"{name} goes from {low} {most}")


RECIPES = MappingProxyType(
    {
        # Afchar et al. 2018, section 4.1. Amounts that the paper leaves open are the authors'
        # code's; hue by 18° of the colour circle.
        "paper": Recipe(
            epochs=60,
            patience=10,
            batch=356,
            accumulate=4,
            schedule="decades",
            flip=True,
            zoom=0.2,
            zoom_apart=True,
            rotate_deg=15,
            brightness=0.2,
            hue_deg=18,
        ),
        # The authors' released code.
        "mesonet": Recipe(
            batch=75,
            loss="squared",
            resize="nearest",
            flip=True,
            zoom=0.2,
            zoom_apart=True,
            rotate_deg=15,
            brightness=0.2,
            channel_shift=30,
        ),
        # The report that this project follows.
        "notebook": Recipe(model="notebook", epochs=20, batch=32),
        "best": Recipe(
            epochs=32,
            label_smoothing=0.1,
            learning_rate=2e-3,
            schedule="cosine",
            weight_decay=1e-3,
            bias=True,
            balance_classes=True,
            group_power=0.5,
            levelled=True,
            flip=True,
            zoom=0.15,
            rotate_deg=12,
            shift=0.05,
            brightness=0.2,
            contrast=0.3,
            gamma=0.6,
            # These three are for levelled=false: without colour there is nothing to change.
            hue_deg=15,
            saturation=0.5,
            grey=0.2,
            smallest_px=90,
            nearest=0.2,
            blur=1.5,
            sharpen=1.5,
            noise=8,
            jpeg=0.6,
            worst_quality=25,
            self_blend=0.25,
        ),
    }
)
"""By name; ``best`` is the default."""


def recipe(name: str, changes: Iterable[str] = ()) -> Recipe:
    """A recipe with some numbers changed, each as ``name=value``.

    Raises :class:`RecipeError` for what is not known and for values that cannot be.
    """
    if name not in RECIPES:
        raise RecipeError(f"there is no recipe {name}", f"known are {', '.join(RECIPES)}")
    return replace(RECIPES[name], **dict(map(_change, changes)))


def _change(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    kinds = {f.name: type(f.default) for f in fields(Recipe)}
    if not equals or name not in kinds:
        near = get_close_matches(name, kinds, n=1)
        hint = f"did you mean {near[0]}=…?" if near else f"known are {', '.join(kinds)}"
        raise RecipeError(f"--set {text} is no name=value of a recipe", hint)
    try:
        return name, _parsed(value, kinds[name])
    except ValueError as error:
        kind = _KINDS[kinds[name]]
        raise RecipeError(
            f"--set {text}: {value!r} is not {kind}", f"give {name} {kind}"
        ) from error


_KINDS = {bool: "true or false", int: "a whole number", float: "a number", str: "a word"}


def _parsed(value: str, kind: type) -> Any:
    if kind is not bool:
        return kind(value)
    words = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
    if value.lower() not in words:
        raise ValueError(value)
    return words[value.lower()]

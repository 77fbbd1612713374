"""Finds images that are missing or damaged; a few are passed over."""

from functools import partial
from io import BytesIO

import numpy as np
from PIL import Image

from deepfake_dataset.baseline.data.data_loader import map_in_order
from deepfake_dataset.baseline.data.examples import Examples
from deepfake_dataset.baseline.data.image_source import ImageSource
from deepfake_dataset.errors import ImagesError, StorageError, UnavailableError

MOST_UNREADABLE = 0.01
"""Share of images; with more of them, something is wrong with the set and not with a file."""
_NAMED = 5


def split_readable(examples: Examples) -> tuple[Examples, tuple[str, ...]]:
    """The examples whose images can be read to the end, and the paths of the others.

    Raises :class:`ImagesError` where the others are more than :data:`MOST_UNREADABLE`.
    """
    sound = np.array(
        list(map_in_order(partial(_is_sound, examples.source), examples.path.tolist(), ahead=64)),
        np.bool_,
    )
    bad = tuple(examples.path[~sound].tolist())
    if len(bad) > MOST_UNREADABLE * len(examples):
        raise ImagesError(
            f"{len(bad)} of {len(examples)} images below {examples.source.location()} are missing"
            f" or unreadable: {name_first_few(bad)}",
            f"restore them, or leave them out of the set; up to {MOST_UNREADABLE:.0%} are passed"
            " over",
        )
    return examples.at(sound), bad


def name_first_few(names: tuple[str, ...]) -> str:
    """The first few names, and how many more there are."""
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def _is_sound(source: ImageSource, path: str) -> bool:
    """Pillow refuses a file that ends too soon, where OpenCV fills the rest with grey."""
    try:
        with Image.open(BytesIO(source.get(path))) as image:
            image.load()
    except UnavailableError:
        raise
    except (StorageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return False
    return True

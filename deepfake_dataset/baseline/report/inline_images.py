"""Images inside the HTML page: faces, activation maps, inputs that excite a unit."""

from base64 import b64encode
from io import BytesIO

import matplotlib
import numpy as np
from numpy.typing import NDArray
from PIL import Image

Colours = NDArray[np.uint8]
_GAP_PX = 4


def face_uri(pixels: NDArray[np.float32], side_px: int) -> str:
    """A face of (height, width, 3) in [0, 1], as small as it is shown."""
    picture = Image.fromarray(_bytes(pixels)).resize((side_px, side_px), Image.Resampling.LANCZOS)
    return _uri(picture, "JPEG", quality=88)


def input_uri(pixels: NDArray[np.float32], side_px: int) -> str:
    """The middle of an input of (height, width, 3) in [0, 1], each pixel doubled.

    What excites a filter is a texture of a few pixels, which shrinking would wash out.
    """
    return _uri(_enlarged(_middle(_bytes(pixels), side_px // 2), 2), "PNG")


def whole_uri(pixels: NDArray[np.float32], side_px: int) -> str:
    """All of an input of (height, width, 3) in [0, 1]."""
    picture = Image.fromarray(_bytes(pixels)).resize((side_px, side_px), Image.Resampling.BOX)
    return _uri(picture, "PNG")


def maps_uri(maps: NDArray[np.float32], side_px: int, colours: str) -> str:
    """Maps of (height, width, units) in [0, 1], side by side in one of matplotlib's colours."""
    table = matplotlib.colormaps[colours]
    drawn = [Image.fromarray(_bytes(table(maps[..., n])[..., :3])) for n in range(maps.shape[-1])]
    step = side_px + _GAP_PX
    strip = Image.new("RGBA", (step * len(drawn) - _GAP_PX, side_px))
    for n, picture in enumerate(drawn):
        strip.paste(picture.resize((side_px, side_px), Image.Resampling.BOX), (n * step, 0))
    return _uri(strip, "PNG")


def _bytes(pixels: NDArray[np.floating]) -> Colours:
    return np.asarray(np.clip(pixels * 255 + 0.5, 0, 255), np.uint8)


def _middle(pixels: Colours, side: int) -> Colours:
    top, left = ((length - side) // 2 if length > side else 0 for length in pixels.shape[:2])
    return pixels[top : top + side, left : left + side]


def _enlarged(pixels: Colours, times: int) -> Image.Image:
    return Image.fromarray(np.ascontiguousarray(pixels.repeat(times, 0).repeat(times, 1)))


def _uri(picture: Image.Image, kind: str, **how: int) -> str:
    data = BytesIO()
    picture.save(data, kind, **how)
    return f"data:image/{kind.lower()};base64,{b64encode(data.getvalue()).decode()}"

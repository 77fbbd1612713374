"""Drawing of contact sheets and overviews: width, colours, font, rows of pictures."""

from collections.abc import Sequence
from io import BytesIO

from PIL import Image, ImageDraw, ImageFont

WIDTH = 1200
EDGE = 16
CROP = 72
CROPS_ACROSS = (WIDTH - 2 * EDGE + 4) // (CROP + 4)
PAPER, INK, FAINT, ACCENT = "#ffffff", "#1a1a1a", "#6b6b6b", "#d9480f"


def font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Pillow's own typeface: the same on every machine. It has Latin letters only."""
    return ImageFont.load_default(size)


def heading(title: str, facts: Sequence[str]) -> Image.Image:
    """A strip with a title, and facts in a line below it; empty ones are left out."""
    strip = Image.new("RGB", (WIDTH, 64), PAPER)
    pen = ImageDraw.Draw(strip)
    pen.text((EDGE, 10), title, INK, font(20))
    pen.text((EDGE, 38), "   ".join(fact for fact in facts if fact), FAINT, font(14))
    return strip


def line(words: str) -> Image.Image:
    """A strip with a rule and a line of text."""
    strip = Image.new("RGB", (WIDTH, 34), PAPER)
    pen = ImageDraw.Draw(strip)
    pen.line((EDGE, 4, WIDTH - EDGE, 4), "#d0d0d0")
    pen.text((EDGE, 11), words, INK, font(14))
    return strip


def crop(file: bytes) -> Image.Image:
    """A face's crop, from the bytes of its file, at the size that sheets show it in."""
    with Image.open(BytesIO(file)) as full:
        return full.convert("RGB").resize((CROP, CROP), Image.Resampling.LANCZOS)


def in_rows(pictures: Sequence[Image.Image], across: int, gap: int) -> Image.Image:
    """Pictures side by side in rows of so many."""
    width = max(picture.width for picture in pictures) + gap
    height = max(picture.height for picture in pictures) + gap
    rows = -(-len(pictures) // across)
    strip = Image.new("RGB", (WIDTH, rows * height + gap), PAPER)
    for i, picture in enumerate(pictures):
        strip.paste(picture, (EDGE + i % across * width, i // across * height))
    return strip


def stacked(strips: Sequence[Image.Image]) -> Image.Image:
    """Strips one below the other."""
    sheet = Image.new("RGB", (WIDTH, sum(strip.height for strip in strips) + EDGE), PAPER)
    top = 0
    for strip in strips:
        sheet.paste(strip, (0, top))
        top += strip.height
    return sheet

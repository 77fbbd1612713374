"""An image is read as RGB or luma, or named."""

from pathlib import Path

import pytest

from deepfake_dataset.baseline.data.image_source import ImageFolder
from deepfake_dataset.baseline.data.read_image import read_image
from deepfake_dataset.errors import ImagesError


def test_an_image_is_red_green_blue(tmp_path: Path) -> None:
    import PIL.Image

    PIL.Image.new("RGB", (5, 3), (10, 20, 30)).save(tmp_path / "a.png")
    assert read_image(ImageFolder(tmp_path), "a.png").shape == (3, 5, 3)
    assert read_image(ImageFolder(tmp_path), "a.png")[0, 0].tolist() == [10, 20, 30]


@pytest.mark.parametrize(("content", "problem"), [(None, "is missing"), (b"x", "cannot be read")])
def test_what_is_no_image_is_named(tmp_path: Path, content: bytes | None, problem: str) -> None:
    file = tmp_path / "a.png"
    if content:
        file.write_bytes(content)
    with pytest.raises(ImagesError, match=f"a.png {problem}"):
        read_image(ImageFolder(tmp_path), "a.png")

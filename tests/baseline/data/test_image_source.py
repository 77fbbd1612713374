"""Images of the user's are read wherever a manifest says that they are."""

from pathlib import Path

import pytest

from deepfake_dataset.baseline.data.image_source import ImageFolder
from deepfake_dataset.errors import MissingKeyError, StorageError


def test_a_path_may_lead_out_of_the_folder_or_be_absolute(tmp_path: Path) -> None:
    (tmp_path / "set").mkdir()
    (tmp_path / "a.png").write_bytes(b"pixels")
    source = ImageFolder(tmp_path / "set")
    assert source.get("../a.png") == source.get(str(tmp_path / "a.png")) == b"pixels"
    assert source.location("b/c.png") == str(tmp_path / "set" / "b" / "c.png")
    assert source.location() == str(tmp_path / "set")


def test_what_is_missing_is_told_from_what_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "folder.png").mkdir()
    source = ImageFolder(tmp_path)
    with pytest.raises(MissingKeyError, match=r"a\.png"):
        source.get("a.png")
    with pytest.raises(StorageError, match=r"folder\.png cannot be read") as caught:
        source.get("folder.png")
    assert not isinstance(caught.value, MissingKeyError)

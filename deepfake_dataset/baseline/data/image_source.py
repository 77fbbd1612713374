"""Where images are read from: a dataset's storage, or a folder of the user's own images."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from deepfake_dataset.errors import MissingKeyError, StorageError


class ImageSource(Protocol):
    """Images by their paths, which have forward slashes. Every storage is one."""

    def get(self, key: str) -> bytes:
        """The bytes of an image. Raises :class:`MissingKeyError` and :class:`StorageError`."""
        ...

    def location(self, key: str = "") -> str:
        """Where an image lies, as people are told."""
        ...


@dataclass(frozen=True, slots=True)
class ImageFolder:
    """A folder of the user's: a manifest of other people's may name any place on the disk."""

    folder: Path

    def get(self, key: str) -> bytes:
        """As :meth:`ImageSource.get`."""
        file = self.folder / key
        try:
            return file.read_bytes()
        except (FileNotFoundError, NotADirectoryError) as error:
            raise MissingKeyError(f"{file} is not there", "check its name") from error
        except (OSError, ValueError) as error:
            raise StorageError(
                f"{file} cannot be read: {error}", "check its permissions"
            ) from error

    def location(self, key: str = "") -> str:
        """As :meth:`ImageSource.location`."""
        return str(self.folder / key)

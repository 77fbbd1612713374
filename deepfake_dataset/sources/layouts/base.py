"""What a layout is: a way to read provenance from where a file lies."""

from collections.abc import Callable
from typing import Protocol

from deepfake_dataset.records import Provenance
from deepfake_dataset.sources.files import Folder

Reader = Callable[[str], Provenance | None]
"""From a file's name to what the video is; None where the layout does not know the name."""


class Layout(Protocol):
    """One way in which videos are laid out in folders."""

    def __call__(self, folder: Folder, /) -> Reader | None:
        """How to read the names of the files in this folder; None for a folder of another layout.

        Called once a folder, its result once a file. Raises LabelsError where the layout's
        own files are damaged.
        """
        ...

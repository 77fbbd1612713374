"""Known layouts of published datasets, and folders that say what is in them."""

from collections.abc import Iterable

from deepfake_dataset.plugins import LAYOUTS as PLUGINS
from deepfake_dataset.plugins import load_plugin, plugin_names
from deepfake_dataset.records import Provenance
from deepfake_dataset.sources.files import File, Folder
from deepfake_dataset.sources.layouts import celeb_df, dfdc, faceforensics, folder_names
from deepfake_dataset.sources.layouts.base import Layout, Reader

LAYOUTS: tuple[Layout, ...] = (
    faceforensics.reader,
    celeb_df.reader,
    dfdc.reader,
    folder_names.reader,
)
"""Those of the package, in the order in which they are asked."""


def all_layouts() -> tuple[Layout, ...]:
    """Those that other packages add, by name, then our own; the first that knows a file decides.

    Raises :class:`PluginError` for one that cannot be loaded.
    """
    added: tuple[Layout, ...] = tuple(load_plugin(PLUGINS, n) for n in plugin_names(PLUGINS))
    return (*added, *LAYOUTS)


def provenances(files: Iterable[File]) -> list[Provenance]:
    """Say what each file is by where it lies; unknown where no layout knows it.

    Each folder is looked at once. Raises LabelsError where a layout's own file is damaged.
    """
    readers: dict[Folder, list[Reader]] = {}
    found = []
    for file in files:
        if file.folder not in readers:
            readers[file.folder] = _readers(file.folder)
        found.append(_first_answer(readers[file.folder], file.name))
    return found


def _readers(folder: Folder) -> list[Reader]:
    return [reader for layout in all_layouts() if (reader := layout(folder))]


def _first_answer(readers: list[Reader], name: str) -> Provenance:
    answers = (read(name) for read in readers)
    return next((answer for answer in answers if answer is not None), Provenance())

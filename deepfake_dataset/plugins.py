"""Finds what other packages add: detectors, layouts, reasons and engines, by entry points.

A package that is installed beside this one names what it adds in its ``pyproject.toml``::

    [project.entry-points."deepfake_dataset.detectors"]
    retinaface = "my_lab.retinaface:RetinaFaceDetector"

``examples/plugin`` is such a package.
"""

from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from deepfake_dataset.errors import PluginError

DETECTORS = "deepfake_dataset.detectors"
LAYOUTS = "deepfake_dataset.layouts"
REASONS = "deepfake_dataset.reasons"
ENGINES = "deepfake_dataset.engines"


@cache
def plugin_names(group: str) -> tuple[str, ...]:
    """The names that installed packages add to a group, sorted."""
    return tuple(sorted({point.name for point in entry_points(group=group)}))


@cache
def load_plugin(group: str, name: str) -> Any:
    """The object behind one name of a group, imported now.

    Raises :class:`PluginError` where two packages claim the name, or its import fails.
    """
    points = tuple(entry_points(group=group, name=name))
    if len({point.value for point in points}) > 1:
        raise PluginError(
            f"the plug-in {name} of {group} comes from two packages: {_sources(points)}",
            "uninstall one of them",
        )
    try:
        return points[0].load()
    except Exception as error:
        raise PluginError(
            f"the plug-in {name} of {group} ({_sources(points)}) cannot be loaded:"
            f" {type(error).__name__}: {error}",
            "mend or uninstall its package",
        ) from error


def _sources(points: tuple[EntryPoint, ...]) -> str:
    return ", ".join(sorted(p.dist.name if p.dist else p.value for p in points))

"""Where work runs: in processes with limits, in this process, or on what a plug-in brings."""

from collections.abc import Sequence

from deepfake_dataset.engine.base import Engine
from deepfake_dataset.errors import UsageError
from deepfake_dataset.plugins import ENGINES, load_plugin, plugin_names

_OWN = ("local", "inline")


def make_engine(name: str = "local", *, workers: int = 1, hold: Sequence[int] = ()) -> Engine:
    """An engine by its name: ``local``, ``inline``, or one that another package adds.

    ``workers`` items are under way at once. ``hold`` are open files that every process keeps
    open, so that a lock on one of them lasts until the last process has ended.
    Raises :class:`UsageError` for a name that is none.
    """
    if name == "local":
        from deepfake_dataset.engine.local import LocalEngine

        return LocalEngine(workers, hold)
    if name == "inline":
        from deepfake_dataset.engine.inline import InlineEngine

        return InlineEngine()
    if name in plugin_names(ENGINES):
        made: Engine = load_plugin(ENGINES, name)(workers=workers, hold=hold)
        return made
    known = ", ".join([*_OWN, *plugin_names(ENGINES)])
    raise UsageError(f"there is no engine {name!r}", f"those there are: {known}")

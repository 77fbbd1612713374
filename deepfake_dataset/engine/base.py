"""What any engine must do: run a function over many items, a fault costing its item alone."""

from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Generic, Protocol, TypeVar

from deepfake_dataset.engine.limits import Limits
from deepfake_dataset.errors import VideoError

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Outcome(Generic[Item, Result]):
    """What became of an item: ``result`` where ``fault`` is None.

    A crash keeps the traceback, or the last of what its process printed, in
    ``fault.__notes__``.
    """

    item: Item
    result: Result | None
    fault: VideoError | None


class Engine(Protocol):
    """Runs a function over items. A new one must pass ``tests/engine/conformance.py``."""

    def run(
        self,
        task: Callable[[Item], Result],
        items: Iterable[Item],
        *,
        limits: Limits,
        preload: Sequence[str] = (),
    ) -> Generator[Outcome[Item, Result], None, None]:
        """Outcomes as items finish. An item is drawn only when it can be begun.

        A :class:`VideoError` of ``task`` becomes the fault of its item, and so do the limits and
        any other exception (:class:`CrashedError`). A :class:`DsbuildError` is raised here and
        ends the run. However the generator is left, nothing of it goes on; close it
        (``contextlib.closing``) where the loop over it can be left by an exception.

        ``preload`` names what is loaded once for all items: modules to import, and functions to
        call as ``module:function``.
        """
        ...


def load_preloaded(preload: Sequence[str]) -> None:
    """Import the modules and call the functions; a module that is missing is passed over.

    The task itself will say what it misses.
    """
    for name in preload:
        module, _, function = name.partition(":")
        try:
            loaded = import_module(module)
        except ImportError:
            continue
        if function:
            getattr(loaded, function)()

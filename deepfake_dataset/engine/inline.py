"""Runs items in this process, one after the other: for notebooks, debuggers and tests.

Exceptions cost their item alone, as everywhere. What an item cannot be held to without a
process of its own does not hold here: limits of time, memory and files, and a crash of a
library ends this process.
"""

from collections.abc import Callable, Generator, Iterable, Sequence

from deepfake_dataset.engine.base import Item, Outcome, Result, load_preloaded
from deepfake_dataset.engine.limits import Limits, fault_of
from deepfake_dataset.errors import DsbuildError, VideoError


class InlineEngine:
    """An :class:`Engine` without processes."""

    def run(
        self,
        task: Callable[[Item], Result],
        items: Iterable[Item],
        *,
        limits: Limits,
        preload: Sequence[str] = (),
    ) -> Generator[Outcome[Item, Result], None, None]:
        """As :meth:`Engine.run`, in the order of items."""
        loaded = False
        for item in items:
            if not loaded:
                load_preloaded(preload)
                loaded = True
            yield _outcome(task, item, limits)


def _outcome(task: Callable[[Item], Result], item: Item, limits: Limits) -> Outcome[Item, Result]:
    try:
        return Outcome(item, task(item), None)
    except VideoError as error:
        return Outcome(item, None, error)
    except DsbuildError:
        raise
    except (Exception, SystemExit) as error:
        return Outcome(item, None, fault_of(error, limits))

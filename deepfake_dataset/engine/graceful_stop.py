"""Ending when asked to: what is in hand is finished, nothing new is begun."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_ASKING = (signal.SIGTERM, signal.SIGHUP)


@contextmanager
def ending_when_asked(grace_s: float) -> Iterator[Callable[[], bool]]:
    """Gives what says whether SIGTERM or SIGHUP has come.

    After ``grace_s`` seconds more, or at a second such signal, Ctrl-C is what it becomes:
    KeyboardInterrupt, at a moment at which the engine can take it. Only the main thread can
    be asked; in another one nothing changes.
    """
    asked = over = False

    def ask(*_: object) -> None:
        nonlocal asked
        if asked:
            interrupt()
        asked = True
        signal.setitimer(signal.ITIMER_REAL, max(grace_s, 1e-3))

    def interrupt(*_: object) -> None:
        nonlocal over
        over = True
        signal.raise_signal(signal.SIGINT)

    def interrupted(*_: object) -> None:
        if over:
            raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    before = {number: signal.signal(number, ask) for number in _ASKING}
    before[signal.SIGALRM] = signal.signal(signal.SIGALRM, interrupt)
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        # So a shell starts what a script puts into the background: Ctrl-C is not meant for it.
        before[signal.SIGINT] = signal.signal(signal.SIGINT, interrupted)
    try:
        yield lambda: asked
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in before.items():
            signal.signal(number, handler)

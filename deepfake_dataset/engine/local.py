"""One function over many items, each in a process of its own with a time and a memory limit.

An item that crashes, hangs or eats memory costs itself alone. The processes are forked from
a warm server (multiprocessing's *forkserver*) that has imported the named modules once, so
models loaded at import are shared by copy-on-write. docs/engine.md has the rules that a
function must keep to, and what a process costs.
"""

import faulthandler
import os
import pickle
import resource
import signal
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from multiprocessing import connection, forkserver, get_context, parent_process, resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from types import ModuleType
from typing import IO, Any, Generic, TypeVar

import psutil

from deepfake_dataset.engine.sandbox import confine, die_with_parent
from deepfake_dataset.errors import (
    CrashedError,
    DsbuildError,
    MemoryLimitError,
    TimeLimitError,
    VideoError,
    WorkerError,
)

Item = TypeVar("Item")
Result = TypeVar("Result")

_CONTEXT = get_context("forkserver")
_ASKING_TO_END = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}
_LOOK_S = 0.2
"""Between two looks at a process's memory; at 60 µs a look it costs nothing."""
_GRACE_S = 5.0
"""For a process to end by itself after its report: exit handlers, coverage data."""
_TAIL_BYTES = 4096
"""Of what a process printed, kept with a crash: a dozen frames of faulthandler's dump."""
_ONE_THREAD = dict.fromkeys(
    (
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "MKL_NUM_THREADS",
        "VECLIB_MAXIMUM_THREADS",
        "OPENCV_FOR_THREADS_NUM",
    ),
    "1",
)
"""One item a core is the parallelism; threads inside only get in each other's way."""
_LARGE_PAGES = {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}
"""Every process asks for all of its memory anew. In pages of 2 MB, where glibc and the kernel have
them, extraction takes 1 to 8 % less; other C libraries do not know the variable."""
_OUT_OF_MEMORY = ("MemoryError", "bad_alloc", "Insufficient memory", "Cannot allocate memory")
"""How Python, C++, OpenCV and the C library say that an allocation failed."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one item may use."""

    time_s: float
    """Wall time from the fork on; what the server loads beforehand does not count."""
    memory_mb: int
    """Of 2**20 bytes, shared pages of preloaded modules included."""
    file_mb: int | None = None
    """Of 2**20 bytes, for any one file that it writes, what it prints included."""
    confined: bool = False
    """No network and no programs of its own, where the platform can hold it to that."""


@dataclass(frozen=True, slots=True)
class Outcome(Generic[Item, Result]):
    """What became of an item: ``result`` where ``fault`` is None.

    A crash keeps the child's traceback, or the last of what it printed, in
    ``fault.__notes__``.
    """

    item: Item
    result: Result | None
    fault: VideoError | None


def run_each(
    function: Callable[[Item], Result],
    items: Iterable[Item],
    *,
    workers: int,
    limits: Limits,
    preload: Sequence[str] = (),
    hold: Sequence[int] = (),
) -> Generator[Outcome[Item, Result], None, None]:
    """Outcomes in the order in which items finish; at most ``workers`` items are under way.

    ``function`` and the items must be picklable and come from modules that can be imported,
    not from a script's ``__main__``, which no child ever runs. An item is drawn only when a
    process is free for it. ``preload`` names the modules to import once for all processes;
    a server that runs already is used as it is. ``hold`` are descriptors that every process
    keeps open, so that a lock on one of them lasts until the last process has ended.

    A VideoError raised by ``function`` becomes the fault of its item, as do the limits and
    any other exception (CrashedError). A DsbuildError is raised here and ends the run.
    However the generator is left, no process of it stays; close it (``contextlib.closing``)
    where the loop over it can be left by an exception.

    Raises WorkerError where processes cannot start or cannot load the function.
    """
    if workers < 1:
        raise ValueError(f"workers = {workers}, but one is needed")
    _start_server(preload)
    waiting = iter(items)
    running: list[_Child[Item, Result]] = []
    outcomes: list[Outcome[Item, Result]] = []
    try:
        while True:
            for item in islice(waiting, workers - len(running)):
                with _interrupt_held():
                    running.append(_start(function, item, limits, hold))
            # Only now, so that no process has to wait for what the caller does with these.
            yield from outcomes
            if not running:
                return
            outcomes = _collect(running, limits)
    finally:
        with _interrupt_held():
            _end_all(running)


@dataclass(slots=True, eq=False)
class _Child(Generic[Item, Result]):
    """The parent's view of one process."""

    item: Item
    process: ForkServerProcess
    report: Connection
    output: IO[bytes]
    deadline: float
    next_look: float = 0.0
    listening: bool = True
    reply: tuple[Result | None, VideoError | DsbuildError | None] | None = None
    sentence: VideoError | None = None
    """Why the parent killed it."""

    @property
    def signs(self) -> list[int | Connection]:
        """What becomes ready when the parent should look again."""
        return [self.process.sentinel, *([self.report] if self.listening else [])]

    def listen(self) -> None:
        """Take the report if it has come; from then on the process has only to end."""
        if not self.listening or not self.report.poll():
            return
        self.listening = False
        with suppress(EOFError, OSError):
            self.reply = pickle.loads(self.report.recv_bytes())
            self.deadline = min(self.deadline, time.monotonic() + _GRACE_S)

    def guard(self, limits: Limits) -> None:
        """Kill the process if it is over a limit."""
        now = time.monotonic()
        if now > self.deadline:
            self.kill(_too_slow(limits))
        elif now > self.next_look:
            self.next_look = now + _LOOK_S
            if _resident_mb(self.process) > limits.memory_mb:
                self.kill(_too_big(limits))

    def kill(self, sentence: VideoError | None = None) -> None:
        """Kill the process and those that it started; harmless once they are gone."""
        self.sentence = self.sentence or sentence
        if self.process.pid is None:
            return
        # macOS answers EPERM for a group of zombies.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.kill()  # in its first moments it has no group of its own

    def outcome(self, limits: Limits) -> Outcome[Item, Result]:
        """Tell what became of the item, once the process has ended."""
        if self.reply is None:
            return Outcome(self.item, None, self.sentence or self._cause_of_death(limits))
        result, error = self.reply
        if isinstance(error, DsbuildError):
            raise error
        return Outcome(self.item, result, error)

    def _cause_of_death(self, limits: Limits) -> VideoError:
        exitcode = self.process.exitcode or 0
        last_words = self._last_words()
        if exitcode == -signal.SIGALRM:
            return _too_slow(limits)
        if _tells_of_memory(last_words):
            return _too_big(limits)
        how = f"ended with status {exitcode}"
        if exitcode < 0:
            how = f"was ended by signal {-exitcode} ({signal.strsignal(-exitcode)})"
        fault = CrashedError(f"its process {how}")
        fault.add_note(last_words)
        return fault

    def _last_words(self) -> str:
        size = os.fstat(self.output.fileno()).st_size
        tail = os.pread(self.output.fileno(), _TAIL_BYTES, max(0, size - _TAIL_BYTES))
        return tail.decode(errors="replace")

    def close(self) -> None:
        """Kill what is left of the process, reap it, and release what is held of it."""
        self.kill()
        self.process.join()
        self.process.close()
        self.report.close()
        self.output.close()


def _start(
    function: Callable[[Item], Result], item: Item, limits: Limits, hold: Sequence[int]
) -> _Child[Item, Result]:
    task = pickle.dumps((function, item))
    receiver, sender = _CONTEXT.Pipe(duplex=False)
    output = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the child
    # Connections, because they are what carries file descriptors to another process.
    printed = Connection(os.dup(output.fileno()), readable=False)
    held = [Connection(os.dup(handle), readable=False) for handle in hold]
    arguments = (task, limits, sender, printed, held)
    process = _CONTEXT.Process(target=_work, args=arguments, daemon=True)
    with ExitStack() as mine:
        for handed in (sender, printed, *held):
            mine.enter_context(handed)
        mine.enter_context(_main_hidden())
        try:
            process.start()
        except (EOFError, ConnectionError) as error:
            receiver.close()
            output.close()
            raise WorkerError(
                "the server that worker processes are forked from has ended",
                "a module that it loads failed: see the traceback above",
            ) from error
    # Only now, as the first process has to wait until the server has loaded its modules.
    return _Child(item, process, receiver, output, deadline=time.monotonic() + limits.time_s)


def _collect(running: list[_Child[Item, Result]], limits: Limits) -> list[Outcome[Item, Result]]:
    """Wait for a sign from any process or the next look; let those go that have ended."""
    ready = connection.wait([sign for child in running for sign in child.signs], timeout=_LOOK_S)
    ended = [child for child in running if child.process.sentinel in ready]
    for child in running:
        child.listen()
        if child not in ended:
            child.guard(limits)
    outcomes = [child.outcome(limits) for child in ended]
    with _interrupt_held():
        for child in ended:
            running.remove(child)
            child.close()
    return outcomes


def _end_all(running: list[_Child[Item, Result]]) -> None:
    for child in running:
        child.kill()
    for child in running:
        child.close()


def _resident_mb(process: ForkServerProcess) -> float:
    try:
        return float(psutil.Process(process.pid).memory_info().rss) / 2**20
    except psutil.Error:  # it has just ended
        return 0.0


def _too_slow(limits: Limits) -> VideoError:
    return TimeLimitError(f"its process was not done after {limits.time_s:g} s")


def _too_big(limits: Limits) -> VideoError:
    return MemoryLimitError(f"its process needed more than {limits.memory_mb} MB of memory")


def _tells_of_memory(text: str) -> bool:
    return any(phrase in text for phrase in _OUT_OF_MEMORY)


def _start_server(preload: Sequence[str]) -> None:
    """Start the server that processes are forked from, if none is running.

    What asks a run to end stays blocked in it and its children for good: Ctrl-C reaches every
    process of a terminal's foreground group and systemd's SIGTERM every one of a service, but
    it is the parent that decides.
    """
    _CONTEXT.set_forkserver_preload([__name__, *preload])
    resource_tracker.ensure_running()  # which the server needs, and which ends by unblocking
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, _ASKING_TO_END)
    try:
        with _environment(workers_environment()), _main_hidden():
            forkserver.ensure_running()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def workers_environment() -> dict[str, str]:
    """The variables of the processes that items are done in; what the user tunes stays."""
    return _LARGE_PAGES | dict(os.environ) | _ONE_THREAD


@contextmanager
def _environment(variables: dict[str, str]) -> Iterator[None]:
    """Set variables for the processes started inside, and restore this one's own."""
    before = os.environ.copy()
    os.environ.update(variables)
    try:
        yield
    finally:
        for name in variables.keys() - before.keys():
            del os.environ[name]
        os.environ.update(before)


@contextmanager
def _main_hidden() -> Iterator[None]:
    """Keep a child from importing the parent's script, which starts the run over if unguarded."""
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


@contextmanager
def _interrupt_held() -> Iterator[None]:
    """Put Ctrl-C off to the end, so that no process is started and then forgotten.

    A handler and not a signal mask, as another thread would still take the signal.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    handler = signal.signal(signal.SIGINT, lambda number, _: came.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)
        if came:
            signal.raise_signal(signal.SIGINT)


def _work(
    task: bytes,
    limits: Limits,
    report: Connection,
    printed: Connection,
    held: list[Connection],  # noqa: ARG001 - open as long as it is here
) -> None:
    """Run one task: all that happens in a child."""
    _settle(limits, printed)
    reply = _reply(task, limits)
    signal.setitimer(signal.ITIMER_REAL, 0)
    # A parent that is gone has no use for it.
    with suppress(BrokenPipeError):
        report.send_bytes(reply)


def _settle(limits: Limits, printed: Connection) -> None:
    """Cut the child off from terminal and Ctrl-C, and tie its life to its parent's."""
    os.setsid()
    _end_with_server()
    _be_first_to_go()
    if limits.file_mb is not None:
        _limit(resource.RLIMIT_FSIZE, limits.file_mb)
    if limits.confined:
        confine()
    for stream in (1, 2):
        os.dup2(printed.fileno(), stream)
    faulthandler.enable(file=2)
    os.environ.update(_ONE_THREAD)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    # The thread is helpless where a library hangs and holds the GIL; the kernel is not.
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, limits.time_s + _GRACE_S)


def _end_with_server() -> None:
    """Let the kernel end the child with the server, and the server with the run.

    Without this the server would stay for a child that hangs in a library and holds the
    interpreter's lock, where no thread can end it. Linux alone does this.
    """
    server: Any = forkserver._forkserver
    keeps_it_alive = getattr(server, "_forkserver_alive_fd", None)
    if keeps_it_alive is not None:  # multiprocessing hands it on for grandchildren
        server._forkserver_alive_fd = None
        os.close(keeps_it_alive)
    die_with_parent(signal.SIGKILL)


def _end_with_parent() -> None:
    parent = parent_process()
    assert parent is not None
    parent.join()
    os.killpg(0, signal.SIGKILL)


def _reply(task: bytes, limits: Limits) -> bytes:
    """Pickled (result, None) or (None, error)."""
    try:
        function, item = pickle.loads(task)
    except Exception as error:
        return pickle.dumps((None, _unloadable(error)))
    _limit(resource.RLIMIT_DATA, limits.memory_mb)  # which spares the machine, on Linux alone
    try:
        return pickle.dumps((function(item), None))
    except (VideoError, DsbuildError) as error:
        return pickle.dumps((None, error))
    except BaseException as error:
        return pickle.dumps((None, _fault_of(error, limits)))


def _limit(what: int, limit_mb: int) -> None:
    """Let the system refuse what goes over the limit."""
    _, hard = resource.getrlimit(what)
    limit = limit_mb * 2**20
    if hard == resource.RLIM_INFINITY or limit < hard:
        resource.setrlimit(what, (limit, hard))


def _be_first_to_go() -> None:
    """Where the machine itself runs out of memory, Linux is to end a worker and not the run."""
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("500")


def _unloadable(error: Exception) -> WorkerError:
    return WorkerError(
        f"a worker process cannot load its function: {_in_a_line(error)}",
        "it must be importable from an installed module, with all that it imports",
    )


def _fault_of(error: BaseException, limits: Limits) -> VideoError:
    line = _in_a_line(error)
    if isinstance(error, MemoryError) or _tells_of_memory(line):
        return _too_big(limits)
    fault = CrashedError(line)
    fault.add_note("".join(traceback.format_exception(error)))
    return fault


def _in_a_line(error: BaseException) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())

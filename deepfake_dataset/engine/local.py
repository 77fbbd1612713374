"""Runs each item in a process of its own with a time and a memory limit, on this machine.

An item that crashes, hangs or eats memory costs itself alone. The processes are forked from a
warm server (:mod:`.server`) that has loaded the named modules once, so that models are shared by
copy-on-write. A server belongs to one engine and one set of modules: two runs in one program get
what each of them needs. docs/engine.md has the rules that a function must keep to.
"""

import os
import pickle
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import weakref
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from multiprocessing import Pipe, connection
from multiprocessing.connection import Connection
from typing import IO, Any, Generic

import psutil

from deepfake_dataset.engine.base import Item, Outcome, Result
from deepfake_dataset.engine.limits import Limits, over_memory, over_time, tells_of_memory
from deepfake_dataset.engine.server import FORK, GRACE_S, LOADED, NUMBER, ONE_THREAD
from deepfake_dataset.errors import CrashedError, DsbuildError, VideoError, WorkerError

_ASKING_TO_END = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}
_LOOK_S = 0.2
"""Between two looks at a process's memory; at 60 µs a look it costs nothing."""
_TAIL_BYTES = 4096
"""Of what a process printed, kept with a crash: a dozen frames of faulthandler's dump."""
_LARGE_PAGES = {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}
"""Every process asks for all of its memory anew. In pages of 2 MB, where glibc and the kernel have
them, extraction takes 1 to 8 % less; other C libraries do not know the variable."""
_SERVER = """\
import sys
sys.path[:] = {path!r}
from deepfake_dataset.engine.server import serve_workers
serve_workers({requests}, {parent})
"""


class LocalEngine:
    """An :class:`Engine` of processes on this machine. A context manager.

    Its servers end when it is closed, and at the latest when nothing refers to it any more.
    """

    def __init__(self, workers: int, hold: Sequence[int] = ()) -> None:
        """For so many items at once.

        ``hold`` are open files that every process keeps open, so that a lock on one of them
        lasts until the last process has ended.
        """
        self._workers = workers
        self._hold = tuple(hold)
        self._servers: dict[tuple[str, ...], _Server] = {}
        weakref.finalize(self, _close_all, self._servers, os.getpid())

    def __enter__(self) -> "LocalEngine":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the servers; runs that go on fail."""
        _close_all(self._servers, os.getpid())

    def run(
        self,
        task: Callable[[Item], Result],
        items: Iterable[Item],
        *,
        limits: Limits,
        preload: Sequence[str] = (),
    ) -> Generator[Outcome[Item, Result], None, None]:
        """As :meth:`Engine.run`.

        ``task`` and the items must be picklable and come from modules that can be imported,
        not from a script's ``__main__``, which no worker ever runs.
        Raises :class:`WorkerError` where processes cannot start or cannot load the function.
        """
        if self._workers < 1:
            raise ValueError(f"workers = {self._workers}, but one is needed")
        run = _Run[Item, Result](lambda: self._server(preload), task, limits, self._hold)
        try:
            yield from run.outcomes(iter(items), self._workers)
        finally:
            with _interrupt_held():
                run.end()

    def _server(self, preload: Sequence[str]) -> "_Server":
        """The one that has loaded these modules; started if there is none."""
        key = tuple(preload)
        known = self._servers.get(key)
        if known and known.is_alive:
            return known
        if known:
            known.close()
        self._servers[key] = _Server(preload)
        return self._servers[key]


def _close_all(servers: "dict[tuple[str, ...], _Server]", owner: int) -> None:
    while servers:
        _, server = servers.popitem()
        if os.getpid() == owner:  # a fork of this process has them too, but not for itself
            server.close()


class _Run(Generic[Item, Result]):
    """One run and its workers."""

    def __init__(
        self,
        server: "Callable[[], _Server]",
        task: Callable[[Item], Result],
        limits: Limits,
        hold: Sequence[int],
    ) -> None:
        self._server = server
        self._task = task
        self._limits = limits
        self._hold = hold
        self._workers: list[_Worker[Item, Result]] = []

    def outcomes(
        self, waiting: Iterator[Item], workers: int
    ) -> Generator[Outcome[Item, Result], None, None]:
        """Of all items, as they finish."""
        outcomes: list[Outcome[Item, Result]] = []
        while True:
            for item in islice(waiting, workers - len(self._workers)):
                with _interrupt_held():
                    self._workers.append(self._start(item))
            # Only now, so that no process has to wait for what the caller does with these.
            yield from outcomes
            if not self._workers:
                return
            outcomes = self._collect()

    def end(self) -> None:
        """Leave no process."""
        for worker in self._workers:
            worker.kill()
        for worker in self._workers:
            worker.close()

    def _start(self, item: Item) -> "_Worker[Item, Result]":
        return _start(self._server(), self._task, item, self._limits, self._hold)

    def _collect(self) -> list[Outcome[Item, Result]]:
        """Wait for a sign from any process or the next look; let those go that have ended."""
        signs = [sign for worker in self._workers for sign in worker.signs]
        ready = connection.wait(signs, timeout=_LOOK_S)
        ended = [worker for worker in self._workers if worker.status in ready]
        for worker in self._workers:
            worker.listen()
            if worker not in ended:
                worker.guard(self._limits)
        outcomes = [worker.outcome(self._limits) for worker in ended]
        with _interrupt_held():
            for worker in ended:
                self._workers.remove(worker)
                worker.close()
        return outcomes


class _Server:
    """The process that workers are forked from."""

    def __init__(self, preload: Sequence[str]) -> None:
        ours, theirs = socket.socketpair()
        alive, self._alive = os.pipe()
        code = _SERVER.format(path=sys.path, requests=theirs.fileno(), parent=alive)
        try:
            self._process = _started([sys.executable, "-c", code], [theirs.fileno(), alive])
        finally:
            theirs.close()
            os.close(alive)
        self._requests = ours
        self._load(preload)

    @property
    def is_alive(self) -> bool:
        """Whether it can fork workers."""
        return self._process.poll() is None

    def fork(self, files: Sequence[int]) -> None:
        """Ask for a worker that gets these open files."""
        try:
            socket.send_fds(self._requests, [FORK], files)
        except OSError as error:
            raise self._ended("") from error

    def close(self) -> None:
        """End it, and with it what is left of its workers."""
        self._requests.close()
        os.close(self._alive)
        self._process.kill()
        self._process.wait()

    def _load(self, preload: Sequence[str]) -> None:
        talk = Connection(os.dup(self._requests.fileno()))
        try:
            talk.send_bytes(pickle.dumps(list(preload)))
            problem = talk.recv_bytes()
        except (EOFError, OSError) as error:
            self.close()
            raise self._ended("") from error
        except BaseException:
            self.close()
            raise
        finally:
            talk.close()
        if problem != LOADED:
            self.close()
            raise self._ended(f": {problem.decode()}")

    @staticmethod
    def _ended(why: str) -> WorkerError:
        return WorkerError(
            f"the server that worker processes are forked from has ended{why}",
            "a module that it loads failed; see also what it printed above",
        )


def _started(command: Sequence[str], files: Sequence[int]) -> "subprocess.Popen[bytes]":
    """Start a process in which what asks a run to end is blocked for good.

    Ctrl-C reaches every process of a terminal's foreground group and systemd's SIGTERM every
    one of a service, but it is the parent that decides.
    """
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, _ASKING_TO_END)
    try:
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, pass_fds=files, env=workers_environment()
        )
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def workers_environment() -> dict[str, str]:
    """The variables of the processes that items are done in; what the user tunes stays."""
    return _LARGE_PAGES | dict(os.environ) | ONE_THREAD


@dataclass(slots=True, eq=False)
class _Worker(Generic[Item, Result]):
    """The parent's view of one process."""

    item: Item
    pid: int
    talk: Connection
    status: int
    """End of a pipe from which comes how the process ended."""
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
        return [self.status, *([self.talk] if self.listening else [])]

    def listen(self) -> None:
        """Take the report if it has come; from then on the process has only to end."""
        if not self.listening or not self.talk.poll():
            return
        self.listening = False
        with suppress(EOFError, OSError):
            self.reply = pickle.loads(self.talk.recv_bytes())
            self.deadline = min(self.deadline, time.monotonic() + GRACE_S)

    def guard(self, limits: Limits) -> None:
        """Kill the process if it is over a limit."""
        now = time.monotonic()
        if now > self.deadline:
            self.kill(over_time(limits))
        elif now > self.next_look:
            self.next_look = now + _LOOK_S
            if _resident_mb(self.pid) > limits.memory_mb:
                self.kill(over_memory(limits))

    def kill(self, sentence: VideoError | None = None) -> None:
        """Kill the process and those that it started; harmless once they are gone."""
        self.sentence = self.sentence or sentence
        # macOS answers EPERM for a group of zombies; in its first moments it has no group.
        for kill in (os.killpg, os.kill):
            with suppress(ProcessLookupError, PermissionError):
                kill(self.pid, signal.SIGKILL)

    def outcome(self, limits: Limits) -> Outcome[Item, Result]:
        """Tell what became of the item, once the process has ended."""
        if self.reply is None:
            return Outcome(self.item, None, self.sentence or self._cause_of_death(limits))
        result, error = self.reply
        if isinstance(error, DsbuildError):
            raise error
        return Outcome(self.item, result, error)

    def _cause_of_death(self, limits: Limits) -> VideoError:
        number = os.read(self.status, NUMBER.size)
        (code,) = NUMBER.unpack(number) if number else (-signal.SIGKILL,)  # with its server
        last_words = self._last_words()
        if code == -signal.SIGALRM:
            return over_time(limits)
        if tells_of_memory(last_words):
            return over_memory(limits)
        how = f"ended with status {code}"
        if code < 0:
            how = f"was ended by signal {-code} ({signal.strsignal(-code)})"
        fault = CrashedError(f"its process {how}")
        fault.add_note(last_words)
        return fault

    def _last_words(self) -> str:
        size = os.fstat(self.output.fileno()).st_size
        tail = os.pread(self.output.fileno(), _TAIL_BYTES, max(0, size - _TAIL_BYTES))
        return tail.decode(errors="replace")

    def close(self) -> None:
        """Kill what is left of the process, wait for its end, and release what is held of it."""
        self.kill()
        while os.read(self.status, NUMBER.size):
            pass
        os.close(self.status)
        self.talk.close()
        self.output.close()


def _start(
    server: _Server,
    task: Callable[[Item], Result],
    item: Item,
    limits: Limits,
    hold: Sequence[int],
) -> _Worker[Item, Result]:
    request = pickle.dumps((limits, pickle.dumps((task, item))))
    ours, theirs = Pipe()
    status, their_status = os.pipe()
    output = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the process
    try:
        server.fork([theirs.fileno(), their_status, output.fileno(), *hold])
        os.close(their_status)
        their_status = -1
        pid = _pid_from(status)
    except BaseException:
        ours.close()
        output.close()
        os.close(status)
        raise
    finally:
        theirs.close()
        if their_status >= 0:
            os.close(their_status)
    with suppress(BrokenPipeError, ConnectionResetError):  # it has ended: its status will tell
        ours.send_bytes(request)
    return _Worker(item, pid, ours, status, output, deadline=time.monotonic() + limits.time_s)


def _pid_from(status: int) -> int:
    number = os.read(status, NUMBER.size)
    if not number:
        raise WorkerError(
            "the server that worker processes are forked from has ended",
            "see what it printed above",
        )
    pid: int = NUMBER.unpack(number)[0]
    return pid


def _resident_mb(pid: int) -> float:
    try:
        return float(psutil.Process(pid).memory_info().rss) / 2**20
    except psutil.Error:  # it has just ended
        return 0.0


@contextmanager
def _interrupt_held() -> Iterator[None]:
    """Put Ctrl-C off to the end, so that no process is started and then forgotten.

    A handler and not a signal mask, as another thread would still take the signal.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    handler: Any = signal.signal(signal.SIGINT, lambda number, _: came.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)
        if came:
            signal.raise_signal(signal.SIGINT)

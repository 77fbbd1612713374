"""The warm server that workers are forked from, and what a worker does.

It loads what its parent names, and then forks a process for each request. It ends when its
parent closes the connection or dies, and its workers end with it.
"""

import faulthandler
import os
import pickle
import resource
import selectors
import signal
import socket
import struct
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NoReturn

from deepfake_dataset.engine.base import load_preloaded
from deepfake_dataset.engine.limits import Limits, fault_of, in_a_line, set_limit
from deepfake_dataset.engine.sandbox import confine, die_with_parent
from deepfake_dataset.errors import DsbuildError, VideoError, WorkerError

NUMBER = struct.Struct("<q")
"""What is written into a worker's status pipe: its process id, and later how it ended."""
FORK = b"f"
"""A request for a worker; the open files that it needs come with it."""
LOADED = b""
"""The answer when all is loaded; another answer is a line that says what went wrong."""
GRACE_S = 5.0
"""For a process to end by itself after its report."""
ONE_THREAD = dict.fromkeys(
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
_MOST_FILES = 64


def serve_workers(requests_fd: int, parent_fd: int) -> None:
    """Load what the first request names, then fork a worker for each request after it.

    ``parent_fd`` is the end of a pipe that is open for writing in the parent alone: reading it
    ends when the parent has died.
    """
    requests = socket.socket(fileno=requests_fd)
    answers = Connection(os.dup(requests_fd))
    try:
        load_preloaded(pickle.loads(answers.recv_bytes()))
    except Exception as error:
        answers.send_bytes(in_a_line(error).encode())
        raise
    answers.send_bytes(LOADED)
    answers.close()
    _Server(requests, parent_fd).run()


class _Server:
    """Forks workers and tells how they ended."""

    def __init__(self, requests: socket.socket, parent_fd: int) -> None:
        self._requests = requests
        self._parent_fd = parent_fd
        self._statuses: dict[int, int] = {}
        """Status pipes by process id."""
        self._woken, self._wake = os.pipe()
        for end in (self._woken, self._wake):
            os.set_blocking(end, False)

    def run(self) -> None:
        """Until the parent is gone."""
        signal.set_wakeup_fd(self._wake, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        with selectors.DefaultSelector() as selector:
            selector.register(self._requests, selectors.EVENT_READ)
            selector.register(self._woken, selectors.EVENT_READ)
            while True:
                ready = {key.fileobj for key, _ in selector.select()}
                if self._woken in ready:
                    with suppress(BlockingIOError):
                        os.read(self._woken, 4096)
                self._reap()
                if self._requests in ready and not self._answer():
                    return

    def _answer(self) -> bool:
        """Fork one worker; False where there is nobody left who asks."""
        try:
            data, files, _, _ = socket.recv_fds(self._requests, len(FORK), _MOST_FILES)
        except OSError:
            return False
        if not data:
            return False
        talk, status, printed, *held = files
        pid = os.fork()
        if pid == 0:
            self._become_worker(talk, status, printed)
        self._statuses[pid] = status
        for file in (talk, printed, *held):
            os.close(file)
        _tell(status, pid)
        return True

    def _become_worker(self, talk: int, status: int, printed: int) -> NoReturn:
        code = 1
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            for file in (self._woken, self._wake, status, *self._statuses.values()):
                os.close(file)
            self._requests.close()
            work(Connection(talk), printed, self._parent_fd)
            code = 0
        except BaseException:
            with suppress(BaseException):
                sys.excepthook(*sys.exc_info())
        finally:
            with suppress(BaseException):
                sys.stdout.flush()
                sys.stderr.flush()
            os._exit(code)

    def _reap(self) -> None:
        while self._statuses:
            try:
                pid, how = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            status = self._statuses.pop(pid, None)
            if status is not None:
                _tell(status, os.waitstatus_to_exitcode(how))
                os.close(status)


def _tell(status: int, number: int) -> None:
    with suppress(BrokenPipeError):  # the parent wants to know no more
        os.write(status, NUMBER.pack(number))


def work(talk: Connection, printed: int, parent_fd: int) -> None:
    """All that a worker does: take its task, do it, and report."""
    limits, task = pickle.loads(talk.recv_bytes())
    _settle(limits, printed, parent_fd)
    reply = _reply(task, limits)
    signal.setitimer(signal.ITIMER_REAL, 0)
    # A parent that is gone has no use for it.
    with suppress(BrokenPipeError, ConnectionResetError):
        talk.send_bytes(reply)


def _settle(limits: Limits, printed: int, parent_fd: int) -> None:
    """Cut the worker off from terminal and Ctrl-C, and tie its life to its parent's."""
    os.setsid()
    # Let the kernel end it with the server, which ends with the parent: a worker that hangs in a
    # library and holds the interpreter's lock cannot be ended by a thread. Linux alone does this.
    die_with_parent(signal.SIGKILL)
    _be_first_to_go()
    if limits.file_mb is not None:
        set_limit(resource.RLIMIT_FSIZE, limits.file_mb)
    if limits.confined:
        confine()
    for stream in (1, 2):
        os.dup2(printed, stream)
    faulthandler.enable(file=2)
    os.environ.update(ONE_THREAD)
    threading.Thread(target=_end_with_parent, args=(parent_fd,), daemon=True).start()
    # The thread is helpless where a library hangs and holds the GIL; the kernel is not.
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, limits.time_s + GRACE_S)


def _end_with_parent(parent_fd: int) -> None:
    os.read(parent_fd, 1)
    os.killpg(0, signal.SIGKILL)


def _reply(task: bytes, limits: Limits) -> bytes:
    """Pickled (result, None) or (None, error)."""
    try:
        function, item = pickle.loads(task)
    except Exception as error:
        return pickle.dumps((None, _unloadable(error)))
    set_limit(resource.RLIMIT_DATA, limits.memory_mb)  # which spares the machine, on Linux alone
    return _done(function, item, limits)


def _done(function: Callable[[Any], Any], item: object, limits: Limits) -> bytes:
    try:
        return pickle.dumps((function(item), None))
    except (VideoError, DsbuildError) as error:
        return pickle.dumps((None, error))
    except BaseException as error:
        return pickle.dumps((None, fault_of(error, limits)))


def _be_first_to_go() -> None:
    """Where the machine itself runs out of memory, Linux is to end a worker and not the run."""
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("500")


def _unloadable(error: Exception) -> WorkerError:
    return WorkerError(
        f"a worker process cannot load its function: {in_a_line(error)}",
        "it must be importable from an installed module, with all that it imports",
    )

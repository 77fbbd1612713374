import ctypes
import faulthandler
import fcntl
import mmap
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from deepfake_dataset.engine import local, server
from deepfake_dataset.engine.base import Outcome
from deepfake_dataset.engine.limits import Limits
from deepfake_dataset.engine.local import LocalEngine
from deepfake_dataset.errors import (
    DatasetWriteError,
    MemoryLimitError,
    TimeLimitError,
    WorkerError,
)

from .conformance import *  # noqa: F403
from .conformance import double

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
LIMITS = Limits(time_s=60, memory_mb=1000)
FOREVER_S = 600
"""Longer than any test may take: what sleeps so long was ended by the engine or not at all."""


@pytest.fixture(autouse=True)
def _children_can_import_this_file(monkeypatch):
    monkeypatch.syspath_prepend(ROOT)


ENGINES: dict[int, LocalEngine] = {}


def engine_of(workers: int = 2) -> LocalEngine:
    """One for all tests of this file: starting a server takes a second."""
    return ENGINES.setdefault(workers, LocalEngine(workers))


@pytest.fixture(scope="module", autouse=True)
def _servers_end_with_the_file() -> Iterator[None]:
    yield
    while ENGINES:
        ENGINES.popitem()[1].close()


@pytest.fixture
def engine() -> LocalEngine:
    return engine_of()


def run(function, items, workers=2, limits=LIMITS):
    outcomes = engine_of(workers).run(function, items, limits=limits, preload=[__name__])
    return list(outcomes)


def the_fault(function, item=None, limits=LIMITS):
    (outcome,) = run(function, [item], limits=limits)
    assert outcome.result is None
    return outcome.fault


def eventually(condition: Callable[[], object]) -> bool:
    """Whether it comes true at all; half a minute stands for ever."""
    return any(condition() or time.sleep(0.05) for _ in range(600))


def is_gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def workers_alive() -> list[psutil.Process]:
    helpers = psutil.Process().children()
    return [worker for helper in helpers for worker in helper.children(recursive=True)]


def pids_in(folder: Path) -> list[int]:
    return [int(path.name) for path in folder.iterdir()]


def leave_pid_and_hang(folder: Path) -> None:
    (folder / str(os.getpid())).touch()
    time.sleep(FOREVER_S)


def test_there_must_be_a_worker():
    with pytest.raises(ValueError, match="workers = 0"):
        run(double, [1], workers=0)


def big(_: object) -> bytes:
    return bytes(10_000_000)


def test_a_result_may_be_larger_than_a_pipe_holds():
    assert [len(o.result) for o in run(big, range(3))] == [10_000_000] * 3


def own_pid(_: object) -> int:
    return os.getpid()


@pytest.mark.parametrize("workers", [1, 2])
def test_each_item_has_a_process_of_its_own(workers):
    pids = {o.result for o in run(own_pid, range(4), workers=workers)}
    assert len(pids) == 4
    assert os.getpid() not in pids


def open_here(_: object) -> object:
    return threading.Lock()


def test_a_result_that_cannot_travel_is_a_crash_that_says_so():
    assert "cannot pickle" in str(the_fault(open_here))


def fill_the_disk_or_hang(item: str) -> None:
    if item == "full":
        raise DatasetWriteError("no space left on /data", "free some space")
    time.sleep(FOREVER_S)


def test_a_fault_of_ours_ends_the_run_and_every_process():
    with pytest.raises(DatasetWriteError, match="no space left") as caught:
        run(fill_the_disk_or_hang, ["video", "full"])
    assert caught.value.hint == "free some space"
    assert workers_alive() == []


def test_a_process_that_leaves_without_a_word_crashed():
    assert str(the_fault(os._exit, 3)) == "its process ended with status 3"


def print_and_abort(_: object) -> None:
    ctypes.CDLL(None).puts(b"from a C library")
    sys.stdout.write("from Python\n")
    sys.stdout.flush()
    ctypes.CDLL(None).fflush(None)
    os.abort()


def test_a_signal_is_named_and_what_was_printed_is_kept(capfd):
    fault = the_fault(print_and_abort)
    assert str(fault).startswith("its process was ended by signal 6")
    notes = "".join(fault.__notes__)
    assert "from a C library" in notes
    assert "from Python" in notes
    assert "in print_and_abort" in notes
    assert capfd.readouterr() == ("", "")


def test_a_segmentation_fault_costs_its_item_alone():
    outcomes = run(segfault_on_zero, range(3))
    assert {o.item: o.result for o in outcomes} == {0: None, 1: 1, 2: 2}
    (fault,) = [o.fault for o in outcomes if o.fault]
    assert f"signal {signal.SIGSEGV.value}" in str(fault)


def segfault_on_zero(number: int) -> int:
    if number == 0:
        faulthandler.disable()
        os.kill(os.getpid(), signal.SIGSEGV)
    return number


def test_a_process_killed_from_outside_crashed(tmp_path):
    def kill_it() -> None:
        assert eventually(lambda: pids_in(tmp_path))
        os.kill(*pids_in(tmp_path), signal.SIGKILL)

    killer = threading.Thread(target=kill_it)
    killer.start()
    assert "signal 9" in str(the_fault(leave_pid_and_hang, tmp_path))
    killer.join()


def hang_on_zero(number: int) -> int:
    time.sleep(FOREVER_S if number == 0 else 0)
    return number


def test_a_process_that_hangs_is_ended_and_the_others_go_on():
    outcomes = run(hang_on_zero, range(4), limits=Limits(time_s=4, memory_mb=1000))
    assert {o.item: o.result for o in outcomes} == {0: None, 1: 1, 2: 2, 3: 3}
    (fault,) = [o.fault for o in outcomes if o.fault]
    assert type(fault) is TimeLimitError
    assert "4 s" in str(fault)


def hang_deaf(_: object) -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    time.sleep(FOREVER_S)


def test_a_process_deaf_to_signals_is_ended_too():
    fault = the_fault(hang_deaf, limits=Limits(time_s=1, memory_mb=1000))
    assert type(fault) is TimeLimitError


def hang_with_the_interpreter_locked(folder: Path) -> None:
    (folder / str(os.getpid())).touch()
    ctypes.PyDLL(None).sleep(FOREVER_S)


def test_a_process_that_hangs_inside_a_library_is_ended_too(tmp_path):
    limits = Limits(time_s=1, memory_mb=1000)
    assert type(the_fault(hang_with_the_interpreter_locked, tmp_path, limits)) is TimeLimitError


def alarm_set_s(_: object) -> float:
    return signal.getitimer(signal.ITIMER_REAL)[0]


def test_the_kernel_ends_a_process_that_nobody_else_can():
    (outcome,) = run(alarm_set_s, [1])
    assert 0 < outcome.result <= LIMITS.time_s + server.GRACE_S
    assert type(the_fault(signal.raise_signal, signal.SIGALRM)) is TimeLimitError


def leave_a_thread(number: int) -> int:
    threading.Thread(target=time.sleep, args=(FOREVER_S,)).start()
    return number


def test_a_process_that_does_not_end_after_its_result_is_ended(monkeypatch):
    monkeypatch.setattr(local, "GRACE_S", 0.1)
    assert run(leave_a_thread, [7]) == [Outcome(7, 7, None)]


def ask_for_memory(_: object) -> None:
    """Take pages that are never touched, which only RLIMIT_DATA counts."""
    bytes(400 * 2**20)


def take_memory_by_and_by(_: object) -> None:
    """Take it in small pieces, so that none is left to tell of it."""
    held: list[object] = []
    while True:
        held = [held]


def map_memory(_: object) -> None:
    """Take shared pages, which RLIMIT_DATA does not count."""
    held = mmap.mmap(-1, 400 * 2**20)
    for page in range(0, len(held), mmap.PAGESIZE):
        held[page] = 1
    time.sleep(FOREVER_S)


def crash_for_want_of_memory(_: object) -> None:
    os.write(2, b"terminate called after throwing an instance of 'std::bad_alloc'\n")
    os.abort()


class error(Exception):  # noqa: N801, N818 - as OpenCV's is called
    pass


def fail_as_opencv_does(_: object) -> None:
    raise error("alloc.cpp:73: error: (-4:Insufficient memory) Failed to allocate 9 bytes")


@pytest.mark.parametrize(
    "function",
    [
        pytest.param(
            ask_for_memory,
            marks=pytest.mark.skipif(sys.platform != "linux", reason="Linux alone refuses it"),
        ),
        take_memory_by_and_by,
        map_memory,
        crash_for_want_of_memory,
        fail_as_opencv_does,
    ],
)
def test_a_process_that_eats_memory_is_ended_with_the_reason(function):
    fault = the_fault(function, limits=Limits(time_s=60, memory_mb=300))
    assert type(fault) is MemoryLimitError
    assert "300 MB" in str(fault)


def have_a_child_and(then: Callable[[], object], folder: Path) -> None:
    grandchild = subprocess.Popen([sys.executable, "-c", f"import time; time.sleep({FOREVER_S})"])
    (folder / str(grandchild.pid)).touch()
    then()


def have_a_child_and_hang(folder: Path) -> None:
    have_a_child_and(lambda: time.sleep(FOREVER_S), folder)


def have_a_child_and_crash(folder: Path) -> None:
    have_a_child_and(lambda: os._exit(1), folder)


def have_a_child_and_return(folder: Path) -> None:
    have_a_child_and(lambda: None, folder)


@pytest.mark.parametrize(
    "function", [have_a_child_and_hang, have_a_child_and_crash, have_a_child_and_return]
)
def test_what_a_process_started_ends_with_it(function, tmp_path):
    run(function, [tmp_path], limits=Limits(time_s=4, memory_mb=1000))
    (grandchild,) = pids_in(tmp_path)
    assert eventually(lambda: is_gone(grandchild))


def test_an_interrupt_leaves_no_process(tmp_path):
    def interrupt() -> None:
        assert eventually(lambda: len(pids_in(tmp_path)) == 2)
        os.kill(os.getpid(), signal.SIGINT)

    interrupter = threading.Thread(target=interrupt)
    interrupter.start()
    with pytest.raises(KeyboardInterrupt):
        run(leave_pid_and_hang, [tmp_path] * 5)
    interrupter.join()
    assert len(pids_in(tmp_path)) == 2
    assert workers_alive() == []


def test_an_interrupt_while_a_process_starts_leaves_none(monkeypatch, tmp_path):
    start = local._start

    def start_and_be_interrupted(*args):
        child = start(*args)
        signal.raise_signal(signal.SIGINT)
        return child

    monkeypatch.setattr(local, "_start", start_and_be_interrupted)
    with pytest.raises(KeyboardInterrupt):
        run(leave_pid_and_hang, [tmp_path])
    assert workers_alive() == []


def interrupt_itself(number: int) -> int:
    signal.raise_signal(signal.SIGINT)
    return number


def test_an_interrupt_passes_a_process_by():
    assert run(interrupt_itself, [3]) == [Outcome(3, 3, None)]


def return_or_hang(number: int) -> int:
    time.sleep(FOREVER_S if number else 0)
    return number


def test_leaving_the_loop_early_leaves_no_process():
    with closing(engine_of(3).run(return_or_hang, range(9), limits=LIMITS)) as outcomes:
        assert next(outcomes) == Outcome(0, 0, None)
        assert len(workers_alive()) == 3
    assert workers_alive() == []


def items_that_end_badly(folder: Path) -> Iterator[Path]:
    yield folder
    raise OSError("the folder of the videos is gone")


def test_items_that_fail_to_come_leave_no_process(tmp_path):
    with pytest.raises(OSError, match="the folder of the videos is gone"):
        run(leave_pid_and_hang, items_that_end_badly(tmp_path))
    assert workers_alive() == []


SCRIPT = """\
import sys
from pathlib import Path
sys.path[:0] = {path!r}
print("the script runs", flush=True)
from deepfake_dataset.engine.limits import Limits
from deepfake_dataset.engine.local import LocalEngine
import {module} as functions
limits = Limits(time_s=60, memory_mb=1000)
for outcome in LocalEngine(2).run(functions.{function}, [{item}] * 3, limits=limits):
    print(outcome.result, outcome.fault, flush=True)
"""


def script(folder: Path, function: Callable[..., object], item: str) -> list[str]:
    """The command of a script without a guard around its main part."""
    path = [str(ROOT)]
    text = SCRIPT.format(path=path, module=__name__, function=function.__name__, item=item)
    file = folder / "script.py"
    file.write_text(text)
    return [sys.executable, str(file)]


def test_a_script_needs_no_main_guard(tmp_path):
    done = subprocess.run(script(tmp_path, double, "4"), capture_output=True, text=True)
    assert done.stderr == ""
    assert done.stdout == "the script runs\n" + "8 None\n" * 3


def test_a_function_of_the_script_itself_is_refused_without_running_the_script_again(tmp_path):
    file = Path(script(tmp_path, double, "4")[1])
    own = file.read_text().replace("functions.double", "double")
    file.write_text("def double(number): return 2 * number\n" + own)
    done = subprocess.run([sys.executable, str(file)], capture_output=True, text=True)
    assert done.stdout == "the script runs\n"
    assert "WorkerError: a worker process cannot load its function" in done.stderr


def test_standard_input_will_do_as_a_script(tmp_path):
    text = Path(script(tmp_path, double, "4")[1]).read_text()
    done = subprocess.run([sys.executable, "-"], input=text, capture_output=True, text=True)
    assert done.stderr == ""
    assert done.stdout == "the script runs\n" + "8 None\n" * 3


def test_no_process_outlives_a_killed_parent(tmp_path):
    pids = tmp_path / "pids"
    pids.mkdir()
    command = script(tmp_path, leave_pid_and_hang, f"Path({str(pids)!r})")
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as parent:
        assert eventually(lambda: len(pids_in(pids)) == 2)
        family = psutil.Process(parent.pid).children(recursive=True)
        assert set(pids_in(pids)) <= {process.pid for process in family}
        parent.kill()
    assert eventually(lambda: all(is_gone(process.pid) for process in family))


def test_ctrl_c_on_a_terminal_is_told_by_the_parent_alone(tmp_path):
    pids = tmp_path / "pids"
    pids.mkdir()
    command = script(tmp_path, leave_pid_and_hang, f"Path({str(pids)!r})")
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as parent:
        assert eventually(lambda: len(pids_in(pids)) == 2)
        os.killpg(parent.pid, signal.SIGINT)
        _, errors = parent.communicate()
    assert errors.count("Traceback") == 1
    assert errors.endswith("KeyboardInterrupt\n")
    assert eventually(lambda: all(is_gone(pid) for pid in pids_in(pids)))


def test_a_function_that_cannot_be_imported_ends_the_run(monkeypatch):
    orphan = type(sys)("orphan")
    monkeypatch.setitem(sys.modules, "orphan", orphan)
    exec("def lost(item): pass", vars(orphan))
    with pytest.raises(WorkerError, match="No module named 'orphan'"):
        run(orphan.lost, [1])
    assert workers_alive() == []


PRELOAD = """\
import sys
sys.path[:0] = {path!r}
from deepfake_dataset.engine.limits import Limits
from deepfake_dataset.engine.local import LocalEngine
from deepfake_dataset.errors import WorkerError
limits = Limits(time_s=60, memory_mb=1000)
try:
    for outcome in LocalEngine(1).run(len, ["item"], limits=limits, preload=["broken"]):
        print(outcome.result)
except WorkerError as error:
    print("WorkerError:", error)
"""


@pytest.mark.parametrize(
    ("module", "printed"),
    [
        (
            "raise RuntimeError('no model file')",
            "WorkerError: the server that worker processes are forked from has ended:"
            " RuntimeError: no model file",
        ),
        ("import not_there", "WorkerError: the server"),
    ],
)
def test_a_preload_that_fails_hangs_nothing(module, printed, tmp_path):
    (tmp_path / "broken.py").write_text(module)
    done = subprocess.run(
        [sys.executable, "-c", PRELOAD.format(path=[str(ROOT)])],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.stdout.startswith(printed)


def stay_until_all_were_here(place: tuple[Path, int]) -> int:
    """How many others are at work at the moment, this one included."""
    folder, number = place
    mine = folder / str(number)
    mine.touch()
    here = len(list(folder.iterdir()))
    time.sleep(0.05)
    mine.unlink()
    return here


def test_never_more_processes_at_once_than_workers(tmp_path):
    places = [(tmp_path, number) for number in range(12)]
    counts = [o.result for o in run(stay_until_all_were_here, places, workers=3)]
    assert max(counts) <= 3


def meet(folder: Path) -> bool:
    """Whether a second process came while this one was waiting for it."""
    (folder / str(os.getpid())).touch()
    return eventually(lambda: len(list(folder.iterdir())) == 2)


def test_as_many_processes_at_once_as_workers(tmp_path):
    assert [o.result for o in run(meet, [tmp_path] * 2, workers=2)] == [True, True]


def threads_allowed(_: object) -> str:
    return os.environ["OMP_NUM_THREADS"]


def test_libraries_get_one_thread_and_the_parent_keeps_its_own(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "5")
    monkeypatch.delenv("MKL_NUM_THREADS", raising=False)
    assert [o.result for o in run(threads_allowed, [1])] == ["1"]
    assert os.environ["OMP_NUM_THREADS"] == "5"
    assert "MKL_NUM_THREADS" not in os.environ


def tunables(_: object) -> str:
    return os.environ["GLIBC_TUNABLES"]


def test_memory_comes_in_large_pages():
    expected = os.environ.get("GLIBC_TUNABLES", "glibc.malloc.hugetlb=1")
    assert [o.result for o in run(tunables, [1])] == [expected]


def test_what_the_user_has_tuned_stays(monkeypatch):
    monkeypatch.setenv("GLIBC_TUNABLES", "glibc.malloc.arena_max=1")
    assert local.workers_environment()["GLIBC_TUNABLES"] == "glibc.malloc.arena_max=1"


def test_it_runs_in_a_thread_too():
    found: list[Outcome[int, int]] = []
    thread = threading.Thread(target=lambda: found.extend(run(double, [1])))
    thread.start()
    thread.join()
    assert found == [Outcome(1, 2, None)]


def test_an_error_of_ours_survives_pickling():
    error = pickle.loads(pickle.dumps(DatasetWriteError("what", "do this")))
    assert (str(error), error.hint) == ("what", "do this")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_what_asks_a_whole_service_to_end_passes_a_process_by(number):
    assert run(ask_itself_to_end, [number]) == [Outcome(number, number, None)]


def ask_itself_to_end(number: int) -> int:
    signal.raise_signal(number)
    return number


def is_free(lock: Path) -> bool:
    with lock.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def let_the_parent_go(place: tuple[Path, Path]) -> bool:
    """Whether the lock is still held when the parent has given it up."""
    parent_gave_up, lock = place
    assert eventually(parent_gave_up.exists)
    return not is_free(lock)


@pytest.mark.parametrize("inherits", [True, False])
def test_a_lock_lasts_as_long_as_a_process_that_holds_it_too(inherits, tmp_path):
    lock, gave_up = tmp_path / "lock", tmp_path / "gave up"

    def items() -> Iterator[tuple[Path, Path]]:
        yield gave_up, lock
        file.close()
        gave_up.touch()

    file = lock.open("w")
    fcntl.flock(file, fcntl.LOCK_EX)
    hold = [file.fileno()] if inherits else []
    with LocalEngine(2, hold) as engine:
        outcomes = engine.run(let_the_parent_go, items(), limits=LIMITS)
        assert [outcome.result for outcome in outcomes] == [inherits]
    assert is_free(lock)


def write_two_megabytes(folder: Path) -> None:
    (folder / "large").write_bytes(bytes(2 * 2**20))


def print_without_end(_: object) -> None:
    while True:
        os.write(1, bytes(2**16))


def test_a_file_that_grows_without_end_is_stopped(tmp_path):
    limits = Limits(time_s=60, memory_mb=1000, file_mb=1)
    assert "File too large" in str(the_fault(write_two_megabytes, tmp_path, limits))
    assert (tmp_path / "large").stat().st_size == 2**20
    assert "File too large" in str(the_fault(print_without_end, None, limits))
    assert the_fault(write_two_megabytes, tmp_path) is None


@pytest.mark.skipif(sys.platform != "linux", reason="Linux alone")
def test_a_process_is_the_first_to_go_where_the_machine_has_no_memory_left():
    (outcome,) = run(own_badness, [None])
    assert outcome.result > int(Path("/proc/self/oom_score_adj").read_text())


def own_badness(_: object) -> int:
    return int(Path("/proc/self/oom_score_adj").read_text())


@pytest.mark.skipif(sys.platform != "linux", reason="Linux alone")
def test_a_process_that_holds_the_interpreter_does_not_outlive_a_killed_parent(tmp_path):
    pids = tmp_path / "pids"
    pids.mkdir()
    command = script(tmp_path, hang_with_the_interpreter_locked, f"Path({str(pids)!r})")
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as parent:
        assert eventually(lambda: len(pids_in(pids)) == 2)
        parent.kill()
    assert eventually(lambda: all(is_gone(pid) for pid in pids_in(pids)))


def test_the_server_ends_with_its_engine():
    with LocalEngine(1) as engine:
        list(engine.run(double, [1], limits=LIMITS))
        mine = set(psutil.Process().children())
    assert all(is_gone(child.pid) for child in mine - set(psutil.Process().children()))
    forgotten = LocalEngine(1)
    list(forgotten.run(double, [1], limits=LIMITS))
    before = len(psutil.Process().children())
    del forgotten
    assert len(psutil.Process().children()) == before - 1


def test_a_server_that_died_is_replaced_in_the_next_run():
    with LocalEngine(1) as engine:
        known = set(psutil.Process().children())
        list(engine.run(double, [1], limits=LIMITS))
        (server_process,) = set(psutil.Process().children()) - known
        server_process.kill()
        assert eventually(lambda: is_gone(server_process.pid))
        assert [o.result for o in engine.run(double, [2], limits=LIMITS)] == [4]


def test_more_files_than_can_be_held_are_refused():
    with pytest.raises(ValueError, match="62 open files"):
        LocalEngine(1, range(62))


def test_a_module_to_load_that_is_not_there_is_passed_over(engine):
    outcomes = engine.run(double, [2], limits=LIMITS, preload=["no_such_module_here:load"])
    assert [outcome.result for outcome in outcomes] == [4]

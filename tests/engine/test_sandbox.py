import os
import platform
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from deepfake_dataset.engine import sandbox
from deepfake_dataset.engine.limits import Limits
from deepfake_dataset.engine.local import LocalEngine
from deepfake_dataset.engine.sandbox import die_with_parent

ROOT = Path(__file__).resolve().parents[2]
CONFINED = Limits(time_s=60, memory_mb=1000, confined=True)

offered = pytest.mark.skipif(
    sys.platform != "linux" or platform.machine() not in sandbox._CALLS,
    reason="the platform does not offer it without rights",
)


@pytest.fixture(autouse=True)
def _children_can_import_this_file(monkeypatch):
    monkeypatch.syspath_prepend(ROOT)


def in_a_worker(function):
    """What a confined worker gets: a result, or the error's name."""
    with LocalEngine(1) as engine:
        (outcome,) = engine.run(function, [None], limits=CONFINED, preload=[__name__])
    return outcome.result if outcome.fault is None else str(outcome.fault)


def ask_the_network(_: object) -> str:
    try:
        socket.create_connection(("127.0.0.1", 9), timeout=5)
    except PermissionError:
        return "refused"
    except OSError as error:
        return f"tried: {error}"
    return "reached"


def start_a_program(_: object) -> str:
    try:
        subprocess.run(["true"], check=True)
    except PermissionError:
        return "refused"
    return "started"


def fork(_: object) -> str:
    try:
        child = os.fork()
    except PermissionError:
        return "refused"
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    return "forked"


@offered
@pytest.mark.parametrize("function", [ask_the_network, start_a_program, fork])
def test_a_confined_worker_reaches_no_network_and_no_program(function):
    assert in_a_worker(function) == "refused"


def work(_: object) -> str:
    """What extraction needs: threads, files, pipes."""
    found: list[str] = []
    thread = threading.Thread(target=found.append, args=("thread",))
    thread.start()
    thread.join()
    reader, writer = os.pipe()
    os.write(writer, Path(__file__).read_bytes()[:5])
    return found[0] + os.read(reader, 5).decode()


def test_what_a_worker_needs_is_left_to_it():
    assert in_a_worker(work) == "thread" + Path(__file__).read_text()[:5]


def test_the_parent_keeps_what_its_workers_give_up():
    in_a_worker(work)
    with socket.socket():
        pass
    assert start_a_program(None) == "started"


def test_other_platforms_are_left_as_they_are(monkeypatch):
    monkeypatch.setattr(platform, "machine", lambda: "pdp11")
    assert sandbox.confine() is False
    monkeypatch.undo()
    monkeypatch.setattr(sys, "platform", "darwin")
    assert sandbox.confine() is False
    die_with_parent(9)
    with socket.socket():
        pass


def test_every_call_that_is_refused_is_tested_by_the_filter():
    for calls in sandbox._CALLS.values():
        program = b"".join(sandbox._program(calls))
        for number in (*calls.refused, *sandbox._UNKNOWN, calls.clone, calls.machine):
            assert sandbox._step(sandbox._EQUAL, number)[4:] in program
        assert len(program) % 8 == 0

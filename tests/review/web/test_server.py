import json
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from http.client import HTTPConnection, HTTPException, HTTPResponse
from pathlib import Path
from typing import IO

import httpx
import pytest

from deepfake_dataset.dataset.dataset import Dataset
from deepfake_dataset.dataset.decisions import read_decisions
from deepfake_dataset.errors import UsageError
from deepfake_dataset.review.session import ReviewSession
from deepfake_dataset.review.web.server import serve

pytestmark = pytest.mark.slow

TOKEN = "a-secret"
KILLS = 100
LONGEST_S = 0.006  # about what a decision takes: kills fall before, amid and after the write


@contextmanager
def starter(dataset: Dataset) -> Iterator[tuple[int, IO[str], IO[str]]]:
    script = Path(__file__).with_name("restarting_server.py")
    command = [sys.executable, str(script), str(dataset.root), TOKEN]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin
        assert process.stdout
        yield int(process.stdout.readline()), process.stdin, process.stdout


class Connection:
    """One connection to a server, never opened again: another server may listen by then."""

    def __init__(self, port: int) -> None:
        self._connection = HTTPConnection("127.0.0.1", port, timeout=30)
        self._connection.connect()
        self._connection.auto_open = 0
        self._cookie = ""
        self._cookie = self._ask("GET", f"/?token={TOKEN}").headers["set-cookie"].partition(";")[0]

    def reject(self, face_id: str, reason: str) -> None:
        """Returns when that is acknowledged."""
        order = {"request": reason, "reviewer": "ann", "action": "reject", "reason": reason}
        self._ask("POST", "/api/decide", json.dumps(order | {"face_ids": [face_id]}))

    def _ask(self, method: str, path: str, body: str | None = None) -> HTTPResponse:
        headers = {"Cookie": self._cookie, "Content-Type": "application/json"}
        self._connection.request(method, path, body, headers)
        answer = self._connection.getresponse()
        answer.read()
        assert answer.status == 200
        return answer

    def close(self) -> None:
        self._connection.close()


def review_until_killed(port: int, face: str, server: int, kill: int) -> list[str]:
    """Reasons of the decisions that were acknowledged, each a word of its own."""
    acknowledged = []
    killer = threading.Timer(
        random.Random(kill).uniform(0, LONGEST_S), os.kill, (server, signal.SIGKILL)
    )
    with closing(Connection(port)) as page, suppress(OSError, HTTPException):
        for number in range(10_000):
            page.reject(face, f"{kill}-{number}")
            acknowledged.append(f"{kill}-{number}")
            if number == kill % 3:
                killer.start()
    killer.join()
    return acknowledged


def test_every_acknowledged_decision_survives_a_hundred_kills(
    reviewed: Dataset, session: ReviewSession
) -> None:
    faces = session.faces["face_id"].to_pylist()
    acknowledged: list[str] = []
    with starter(reviewed) as (port, start, told):
        for kill in range(KILLS):
            start.write("\n")
            start.flush()
            server = int(told.readline())
            acknowledged += review_until_killed(port, faces[kill], server, kill)
            assert told.readline() == "ended\n"
    logged = read_decisions(reviewed).rows["reason"].to_pylist()
    assert len(acknowledged) >= KILLS
    assert [reason for reason in logged if reason in set(acknowledged)] == acknowledged
    assert len(logged) - len(acknowledged) <= KILLS  # one under way at each kill


def test_ctrl_c_ends_the_page_without_a_word_of_failure(
    reviewed: Dataset, session: ReviewSession
) -> None:
    told: list[str] = []

    def interrupt() -> None:
        while not told:
            time.sleep(0.01)
        address = re.findall(r"http://\S+", told[0])[0]
        with httpx.Client() as client:
            client.get(address).raise_for_status()
            os.kill(os.getpid(), signal.SIGINT)

    person = threading.Thread(target=interrupt)
    person.start()
    serve(session, reviewer="ann", announce=told.append)
    person.join()
    assert told[0].startswith("review at http://127.0.0.1:")


def test_each_server_has_a_token_of_its_own(
    session: ReviewSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr("uvicorn.Server.run", lambda *_, **__: None)
    serve(session, reviewer="ann", announce=told.append)
    serve(session, reviewer="ann", announce=told.append)
    tokens = [re.findall(r"token=(\S+)", text)[0] for text in told]
    assert tokens[0] != tokens[1]
    assert all(len(token) == 32 for token in tokens)


def test_listening_on_all_addresses_warns_and_keeps_the_token(
    session: ReviewSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr("uvicorn.Server.run", lambda *_, **__: None)
    serve(session, reviewer="ann", host="0.0.0.0", announce=told.append)
    assert told[0].startswith("warning: listening on 0.0.0.0")
    assert "token=" in told[1]


def test_a_browser_is_opened_only_where_asked(
    session: ReviewSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr("uvicorn.Server.run", lambda *_, **__: None)
    monkeypatch.setattr("webbrowser.open", opened.append)
    serve(session, reviewer="ann", announce=lambda _: None)
    assert opened == []
    serve(session, reviewer="ann", open_browser=True, announce=lambda _: None)
    assert "token=" in opened[0]


@pytest.mark.parametrize("host", ["nowhere.invalid", "203.0.113.1"])
def test_an_address_that_is_not_ours_is_explained(session: ReviewSession, host: str) -> None:
    with pytest.raises(UsageError, match=f"cannot listen at {host}"):
        serve(session, reviewer="ann", host=host)


def test_a_port_in_use_is_explained(session: ReviewSession, address: str) -> None:
    port = int(address.rpartition(":")[2])
    with pytest.raises(UsageError, match=str(port)):
        serve(session, reviewer="ann", port=port)

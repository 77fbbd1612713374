import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

import httpx
import pytest

from deepfake_dataset.dataset import Dataset
from deepfake_dataset.decisions import read_decisions
from deepfake_dataset.errors import UsageError
from deepfake_dataset.review.desk import Desk
from deepfake_dataset.review.web.server import serve

TOKEN = "a-secret"
KILLS = 100
LONGEST_S = 0.006  # about what a decision takes: kills fall before, amid and after the write


@contextmanager
def starter(dataset: Dataset) -> Iterator[tuple[str, IO[str], IO[str]]]:
    script = Path(__file__).with_name("serve_again.py")
    command = [sys.executable, str(script), str(dataset.root), TOKEN]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin
        assert process.stdout
        yield f"http://127.0.0.1:{int(process.stdout.readline())}", process.stdin, process.stdout


def order(reviewer: str, face_id: str, reason: str) -> dict[str, object]:
    return {
        "request": reason,
        "reviewer": reviewer,
        "action": "reject",
        "face_ids": [face_id],
        "reason": reason,
    }


def review_until_killed(address: str, face: str, server: int, kill: int) -> list[str]:
    """Reasons of the decisions that were acknowledged, each a word of its own."""
    acknowledged = []
    killer = threading.Timer(
        random.Random(kill).uniform(0, LONGEST_S), os.kill, (server, signal.SIGKILL)
    )
    with suppress(httpx.TransportError), httpx.Client(base_url=address, timeout=30) as page:
        page.get("/", params={"token": TOKEN}).raise_for_status()
        for number in range(10_000):
            reason = f"{kill}-{number}"
            page.post("/api/decide", json=order("ann", face, reason)).raise_for_status()
            acknowledged.append(reason)
            if number == kill % 3:
                killer.start()
    killer.join()
    return acknowledged


def test_every_acknowledged_decision_survives_a_hundred_kills(
    reviewed: Dataset, desk: Desk
) -> None:
    faces = desk.faces["face_id"].to_pylist()
    acknowledged: list[str] = []
    with starter(reviewed) as (address, start, told):
        for kill in range(KILLS):
            start.write("\n")
            start.flush()
            server = int(told.readline())
            acknowledged += review_until_killed(address, faces[kill], server, kill)
            assert told.readline() == "ended\n"
    logged = read_decisions(reviewed).rows["reason"].to_pylist()
    assert len(acknowledged) >= KILLS
    assert [reason for reason in logged if reason in set(acknowledged)] == acknowledged
    assert len(logged) - len(acknowledged) <= KILLS  # one under way at each kill


def test_ctrl_c_ends_the_page_without_a_word_of_failure(reviewed: Dataset, desk: Desk) -> None:
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
    serve(desk, reviewer="ann", tell=told.append)
    person.join()
    assert told[0].startswith("review at http://127.0.0.1:")


def test_each_server_has_a_token_of_its_own(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr("uvicorn.Server.run", lambda *_, **__: None)
    serve(desk, reviewer="ann", tell=told.append)
    serve(desk, reviewer="ann", tell=told.append)
    tokens = [re.findall(r"token=(\S+)", text)[0] for text in told]
    assert tokens[0] != tokens[1]
    assert all(len(token) == 32 for token in tokens)


def test_listening_on_all_addresses_warns_and_keeps_the_token(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr("uvicorn.Server.run", lambda *_, **__: None)
    serve(desk, reviewer="ann", host="0.0.0.0", tell=told.append)
    assert told[0].startswith("warning: listening on 0.0.0.0")
    assert "token=" in told[1]


def test_a_browser_is_opened_only_where_asked(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr("uvicorn.Server.run", lambda *_, **__: None)
    monkeypatch.setattr("webbrowser.open", opened.append)
    serve(desk, reviewer="ann", tell=lambda _: None)
    assert opened == []
    serve(desk, reviewer="ann", open_browser=True, tell=lambda _: None)
    assert "token=" in opened[0]


@pytest.mark.parametrize("host", ["nowhere.invalid", "203.0.113.1"])
def test_an_address_that_is_not_ours_is_explained(desk: Desk, host: str) -> None:
    with pytest.raises(UsageError, match=f"cannot listen at {host}"):
        serve(desk, reviewer="ann", host=host)


def test_a_port_in_use_is_explained(desk: Desk, address: str) -> None:
    port = int(address.rpartition(":")[2])
    with pytest.raises(UsageError, match=str(port)):
        serve(desk, reviewer="ann", port=port)

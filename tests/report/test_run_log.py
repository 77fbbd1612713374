import json
import re
import time

import pytest

from deepfake_dataset.errors import DatasetWriteError, UnavailableError
from deepfake_dataset.report import run_log
from deepfake_dataset.report.run_log import writing_log
from deepfake_dataset.storage.local import LocalStorage
from deepfake_dataset.storage.memory import MemoryStorage


@pytest.fixture
def lines(ds):
    ds.mkdir()

    def write(*events, as_json=False):
        with writing_log(LocalStorage(ds), as_json) as note:
            for event, fields in events:
                note(event, **fields)
        return (ds / "logs" / ("run.jsonl" if as_json else "run.log")).read_text().splitlines()

    return write


def test_an_event_is_one_line_that_begins_with_its_time(lines, monkeypatch):
    monkeypatch.setattr(time, "gmtime", lambda: time.struct_time((2026, 3, 1, 2, 0, 7, 6, 60, 0)))
    (line,) = lines(("failed", {"path": "real/a.mp4", "error": "crashed", "seconds": 1.25}))
    assert line == "2026-03-01T02:00:07Z failed path=real/a.mp4 error=crashed seconds=1.25"


@pytest.mark.parametrize(
    "text", ["", "a b", "two\nlines", 'a"b', "a=b", "\x1b[31m", "\udcff", "é\u2028"]
)
@pytest.mark.parametrize("as_json", [False, True])
def test_whatever_a_field_holds_a_line_is_one_line_and_can_be_told_apart(text, as_json, lines):
    (line,) = lines(("e", {"before": 1, "it": text, "after": 2}), as_json=as_json)
    if as_json:
        assert json.loads(line)["it"] == text
    else:
        said, tail = re.fullmatch(r'\S+ e before=1 it=(".*"|\S+) after=2()', line).groups()
        assert (json.loads(said) if said.startswith('"') else said) == text
        assert tail == ""
    assert line.isprintable()


def test_json_has_time_and_event_among_the_fields(lines):
    (line,) = lines(("done", {"faces": 3}), as_json=True)
    found = json.loads(line)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", found.pop("time"))
    assert found == {"event": "done", "faces": 3}


def test_runs_append(lines):
    lines(("a", {}))
    assert [line.split()[1] for line in lines(("b", {}))] == ["a", "b"]


def test_a_log_is_rotated_and_old_ones_go(ds, lines, monkeypatch):
    monkeypatch.setattr(run_log, "_MAX_BYTES", 1000)
    lines(*[("e", {"number": n}) for n in range(1000)])
    kept = sorted(path.name for path in (ds / "logs").iterdir())
    assert kept == ["run.log", *(f"run.log.{n}" for n in range(1, 6))]
    assert all(path.stat().st_size <= 1000 for path in (ds / "logs").iterdir())


def test_a_log_that_cannot_be_opened_is_told(ds):
    ds.mkdir()
    (ds / "logs").write_text("a file")
    with pytest.raises(DatasetWriteError, match="logs"), writing_log(LocalStorage(ds)):
        pass


def test_a_disk_that_fills_up_costs_lines_and_not_the_run(small_disk):
    root = small_disk("16k")
    with writing_log(LocalStorage(root)) as note:
        (root / "big").write_bytes(b"")
        for _ in range(1000):
            note("event", text="x" * 100)
    assert (root / "logs" / "run.log").stat().st_size > 0


def test_a_storage_that_does_not_answer_costs_lines_and_not_the_run():
    storage = MemoryStorage()
    with writing_log(storage) as note:
        note("a")
        storage.fail("append", UnavailableError("no answer", "later"))
        note("b")
        note("c")
    assert [line.split()[1] for line in storage.get("logs/run.log").splitlines()] == [b"a", b"c"]

import json
from dataclasses import dataclass

import pytest

from deepfake_dataset.dataset import layout
from deepfake_dataset.dataset.state_table import StateTable
from deepfake_dataset.errors import DatasetWriteError, UnavailableError
from deepfake_dataset.storage.memory import MemoryStorage


@dataclass(frozen=True, slots=True)
class Thing:
    name: str
    number: int


@dataclass(frozen=True, slots=True)
class Other:
    colour: str


KEY = layout.ATTEMPTS


@pytest.fixture
def storage() -> MemoryStorage:
    return MemoryStorage()


@pytest.fixture
def table(storage) -> StateTable[Thing]:
    return StateTable(storage, KEY, Thing)


def keys(storage: MemoryStorage) -> list[str]:
    return [entry.key for entry in storage.entries()]


def test_what_is_saved_is_loaded(table):
    table.save({"a": Thing("ä\udcff\n", 1), "b": Thing("", -2)})
    table.save({"b": Thing("new", 3)}, gone=["a"])
    assert table.load() == {"b": Thing("new", 3)}


def test_one_that_is_not_there_is_empty(table, storage):
    assert table.load() == {}
    table.save({})
    assert keys(storage) == []


def test_a_saving_is_one_line_and_costs_no_more_than_what_changed(table, storage):
    for number in range(20):
        table.save({str(number): Thing("x", number), "all": Thing("y", number)})
    lines = storage.read_log(f"{KEY}l")[0].splitlines()
    assert len(lines) == 20
    assert max(map(len, lines)) < 100


def test_a_log_that_has_outgrown_its_table_is_folded_into_it(table, storage):
    for number in range(3000):
        table.save({str(number % 7): Thing("x" * 100, number)}, gone=[str((number + 1) % 7)])
    assert storage.stat(KEY).size < 7 * 200
    assert (entry := storage.stat(f"{KEY}l")) is None or entry.size < 70_000
    assert table.load() == {str(n % 7): Thing("x" * 100, n) for n in range(2994, 3000)}


def test_a_kill_in_the_middle_of_folding_changes_nothing(table, storage):
    before = {"a": Thing("x" * 70_000, 1)}
    table.save({"gone": Thing("", 0)})
    table.save({}, gone=["gone"])
    storage.fail("delete", UnavailableError("killed here", "…"))
    with pytest.raises(UnavailableError):
        table.save(before)
    assert keys(storage) == [KEY, f"{KEY}l"]
    assert table.load() == before
    table.save({}, gone=["a"])
    assert table.load() == {}


def test_a_saving_that_fails_leaves_what_was_there(table, storage):
    table.save({"a": Thing("", 1)})
    storage.fail("append", DatasetWriteError("the disk is full", "free some space"))
    with pytest.raises(DatasetWriteError):
        table.save({"a": Thing("", 2)})
    assert table.load() == {"a": Thing("", 1)}


@pytest.mark.parametrize(
    "damage", [b"", b"junk", b"[1]", b"5", b'{"a": 5}', b'{"a": {"b": 1}}', b"\xff"]
)
def test_what_was_damaged_costs_itself_alone(table, storage, damage):
    storage.put(KEY, damage)
    storage.append(f"{KEY}l", damage + b"\n")
    table.save({"b": Thing("b", 2)})
    assert table.load() == {"b": Thing("b", 2)}


def test_rows_of_another_version_are_passed_over(storage, table):
    StateTable(storage, KEY, Other).save({"a": Other("red")})
    table.save({"b": Thing("b", 2)})
    assert table.load() == {"b": Thing("b", 2)}


def test_people_can_read_it(table, storage):
    table.save({"0123456789abcdef": Thing("ann", 1)})
    line = json.loads(storage.read_log(f"{KEY}l")[0])
    assert line == {"0123456789abcdef": {"name": "ann", "number": 1}}

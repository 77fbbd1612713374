import os
from pathlib import Path

import numpy as np
import pytest

from deepfake_dataset.faces import model_cache
from deepfake_dataset.faces.model_cache import copy_of, parsed_model
from deepfake_dataset.storage.array_file import Arrays
from deepfake_dataset.storage.cache_folder import CACHE_VARIABLE


class Parser:
    """Makes one array of a file's bytes, and counts how often it is asked to."""

    asked = 0

    def __call__(self, source: Path) -> Arrays:
        self.asked += 1
        return [np.frombuffer(source.read_bytes(), np.uint8)]


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    path = tmp_path / "model.dat"
    path.write_bytes(b"a model")
    return path


def text_of(source: Path, parse: Parser, layout: int = 1) -> bytes:
    (array,) = parsed_model(source, layout, parse)
    return array.tobytes()


def test_a_model_is_parsed_once(source: Path) -> None:
    parse = Parser()
    assert [text_of(source, parse) for _ in range(3)] == [b"a model"] * 3
    assert parse.asked == 1


def test_a_model_of_other_bytes_is_parsed_anew(source: Path) -> None:
    parse = Parser()
    text_of(source, parse)
    source.write_bytes(b"another")
    os.utime(source, ns=(0, 1))
    assert text_of(source, parse) == b"another"
    assert text_of(source, parse) == b"another"
    assert parse.asked == 2


def test_a_model_that_was_only_touched_is_not_parsed_anew(source: Path) -> None:
    parse = Parser()
    text_of(source, parse)
    os.utime(source, ns=(0, 1))
    assert text_of(source, parse) == b"a model"
    assert parse.asked == 1


def test_the_model_is_not_read_where_nothing_says_that_it_changed(
    source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text_of(source, Parser())
    monkeypatch.setattr(model_cache, "_sha256", lambda _: pytest.fail("read once more"))
    assert text_of(source, Parser()) == b"a model"


def test_another_layout_is_parsed_anew(source: Path) -> None:
    parse = Parser()
    for layout in (1, 2):
        text_of(source, parse, layout)
    assert parse.asked == 2


def test_a_damaged_copy_is_parsed_and_written_anew(source: Path) -> None:
    parse = Parser()
    text_of(source, parse)
    copy_of(source, 1).write_bytes(copy_of(source, 1).read_bytes()[:-1] + b"!")
    assert [text_of(source, parse) for _ in range(2)] == [b"a model"] * 2
    assert parse.asked == 2


def test_where_no_copy_can_be_written_the_model_is_parsed_every_time(
    source: Path, tmp_path: Path
) -> None:
    (tmp_path / "cache").write_text("a file, not a folder")
    parse = Parser()
    assert [text_of(source, parse) for _ in range(2)] == [b"a model"] * 2
    assert parse.asked == 2


def test_what_parsing_raises_is_raised(source: Path) -> None:
    def refuse(_: Path) -> Arrays:
        raise ValueError("no model")

    with pytest.raises(ValueError, match="no model"):
        parsed_model(source, 1, refuse)
    assert not copy_of(source, 1).exists()

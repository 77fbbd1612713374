import json
import re
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from deepfake_dataset.dataset.dataset import Dataset
from deepfake_dataset.errors import NotADatasetError, SettingsError
from deepfake_dataset.settings import (
    ExtractSettings,
    RunSettings,
    Settings,
    SplitSettings,
    allowed,
    format_settings,
    parse_settings,
)

KINDS = (ExtractSettings, RunSettings, SplitSettings)
EVERY = [(kind, f) for kind in KINDS for f in fields(kind)]
NAMES = [f.name for _, f in EVERY]
each_setting = pytest.mark.parametrize(("kind", "f"), EVERY, ids=NAMES)
DOCS = Path(__file__).resolve().parents[1] / "docs" / "settings.md"


def read_settings(path: Path) -> Settings:
    return parse_settings(path.read_bytes(), str(path))


def write_settings(path: Path, settings: Settings) -> None:
    path.write_bytes(format_settings(settings, path.read_bytes() if path.exists() else None))


def values_of(f: Any) -> st.SearchStrategy[Any]:
    if f.metadata["choices"]:
        return st.sampled_from(f.metadata["choices"])
    if type(f.default) is str:
        return st.text()
    numbers = st.integers if type(f.default) is int else st.floats
    return numbers(f.metadata["low"], f.metadata["high"])


def sections(kind: Any) -> st.SearchStrategy[Any]:
    return st.builds(kind, **{f.name: values_of(f) for f in fields(kind)})


EXTRACT, RUN, SPLIT = map(sections, KINDS)
writes_files = hypothesis_settings(max_examples=30)


@pytest.fixture
def read(tmp_path):
    """Read settings from a text; ``refused`` gives the error's message and hint."""

    def read_text(text: str) -> Settings:
        (tmp_path / "dsbuild.toml").write_text(text, encoding="utf-8")
        return read_settings(tmp_path / "dsbuild.toml")

    return read_text


@pytest.fixture
def refused(read):
    def read_badly(text: str) -> tuple[str, str]:
        with pytest.raises(SettingsError) as caught:
            read(text)
        return str(caught.value), caught.value.hint

    return read_badly


@each_setting
def test_every_default_is_allowed_and_every_setting_has_a_help(kind, f):
    assert getattr(kind(), f.name) == f.default
    assert f.metadata["help"]


each_limited_setting = pytest.mark.parametrize(
    ("kind", "f"),
    [(kind, f) for kind, f in EVERY if f.metadata["choices"] or f.metadata["low"] is not None],
    ids=[f.name for _, f in EVERY if f.metadata["choices"] or f.metadata["low"] is not None],
)


@each_limited_setting
def test_values_beyond_the_range_are_refused_and_the_range_is_named(kind, f):
    if f.metadata["choices"]:
        bad = ["nothing", -1]
    else:
        bad = [f.metadata["low"] - 1, f.metadata["high"] + 1]
    for value in bad:
        with pytest.raises(SettingsError, match=re.escape(f"{f.name} = {value!r}")) as caught:
            kind(**{f.name: value})
        assert allowed(f.metadata) in caught.value.hint


@each_setting
@pytest.mark.parametrize("value", [None, True, [], "5", float("nan"), float("inf"), 10**400])
def test_values_of_another_kind_are_refused(kind, f, value):
    if type(value) is type(f.default) and f.metadata["low"] is None:
        value = b"neither a text nor a truth"
    with pytest.raises(SettingsError, match=f.name):
        kind(**{f.name: value})


@given(value=st.integers() | st.floats() | st.text() | st.booleans() | st.none())
@pytest.mark.parametrize(("kind", "f"), EVERY)
def test_any_value_is_taken_or_refused_with_a_settings_error(kind, f, value):
    try:
        taken = getattr(kind(**{f.name: value}), f.name)
    except SettingsError as error:
        told = str(error)
    else:
        assert (taken, type(taken)) == (value, type(f.default))
        return
    assert f"{f.name} = {value!r} is not allowed" == told


def test_landmarks_are_68_or_5_and_nothing_between():
    with pytest.raises(SettingsError) as caught:
        ExtractSettings(landmarks=30)
    assert caught.value.hint == "landmarks takes one of 68, 5"


@given(a=EXTRACT, b=EXTRACT)
def test_keys_are_equal_just_where_settings_are(a, b):
    assert (a.key == b.key) == (a == b)
    assert re.fullmatch("[0-9a-f]{16}", a.key)


@pytest.mark.parametrize("f", fields(ExtractSettings), ids=lambda f: f.name)
def test_the_key_changes_with_every_setting_of_extraction(f):
    if f.metadata["choices"]:
        other = next(choice for choice in f.metadata["choices"] if choice != f.default)
    else:
        other = f.metadata["high"]
    assert replace(ExtractSettings(), **{f.name: other}).key != ExtractSettings().key


@given(run=RUN)
def test_the_key_does_not_change_with_settings_of_the_run(run):
    assert Settings(run=run).extract.key == Settings().extract.key


@pytest.mark.parametrize(("one", "other"), [(2, 2.0), (1, 1.0)])
def test_a_whole_number_is_the_same_setting_as_its_float(one, other):
    assert ExtractSettings(margin=one).key == ExtractSettings(margin=other).key


def test_zero_has_one_key_whatever_its_sign():
    settings = [ExtractSettings(min_duration_s=zero) for zero in (0, 0.0, -0.0)]
    assert len({s.key for s in settings}) == 1


@writes_files
@given(extract=EXTRACT, run=RUN, split=SPLIT)
def test_what_is_written_is_read_back(tmp_path_factory, extract, run, split):
    path = tmp_path_factory.mktemp("settings") / "dsbuild.toml"
    settings = Settings(extract, run, split)
    write_settings(path, settings)
    assert read_settings(path) == settings
    assert read_settings(path).extract.key == extract.key


@writes_files
@given(before=EXTRACT, after=EXTRACT)
def test_settings_are_changed_in_a_file_that_is_there(tmp_path_factory, before, after):
    path = tmp_path_factory.mktemp("settings") / "dsbuild.toml"
    write_settings(path, Settings(before))
    write_settings(path, Settings(after))
    assert read_settings(path) == Settings(after)


def test_a_new_file_says_what_each_setting_is(tmp_path):
    write_settings(tmp_path / "dsbuild.toml", Settings().override(size_px=128, workers=3))
    text = (tmp_path / "dsbuild.toml").read_text()
    assert "size_px = 128 # side of a crop; from 32 to 2048\n" in text
    assert "workers = 3 # processes at once; 0 is one a core; from 0 to 1024\n" in text


def test_comments_and_order_of_a_file_that_is_there_are_kept(read, tmp_path):
    text = "# ours\n[run]\nworkers = 2  # two cores\n\n[extract] # crops\n# big\nsize_px = 512\n"
    settings = read(text).override(size_px=128)
    write_settings(tmp_path / "dsbuild.toml", settings)
    lines = (tmp_path / "dsbuild.toml").read_text().splitlines()
    assert lines[:3] == ["# ours", "[run]", "workers = 2  # two cores"]
    place = lines.index("[extract] # crops")
    assert lines[place + 1 : place + 3] == ["# big", "size_px = 128"]
    assert read_settings(tmp_path / "dsbuild.toml") == settings


@pytest.mark.parametrize(
    "text",
    [
        "extract = {size_px = 512}\n",
        "extract.size_px = 512\n",
        "[extract]\nsize_px = 512\n[run]\n",
        '["extract"]\n"size_px" = 512',
    ],
)
def test_any_way_of_writing_toml_can_be_read_and_updated(read, tmp_path, text):
    settings = read(text)
    assert settings == Settings().override(size_px=512)
    changed = settings.override(size_px=64, workers=2)
    write_settings(tmp_path / "dsbuild.toml", changed)
    assert read_settings(tmp_path / "dsbuild.toml") == changed


def test_what_a_file_leaves_out_has_its_default(read):
    assert read("") == Settings()
    assert read("[extract]\nmargin = 2\n") == Settings(ExtractSettings(margin=2.0))


@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_lines_may_end_in_any_way(end, tmp_path):
    path = tmp_path / "dsbuild.toml"
    path.write_bytes(f"[extract] # crops{end}size_px = 512{end}".encode())
    assert read_settings(path) == Settings().override(size_px=512)
    write_settings(path, Settings().override(size_px=64))
    assert read_settings(path) == Settings().override(size_px=64)
    assert path.read_bytes().startswith(b"[extract] # crops\nsize_px = 64\n")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[extract]\nsize_px = 5\n", 2),
        ("[run]\nworkers = 1\n\n[extract] # size_px = 5\n# size_px = 5\nsize_px = 5 # px\n", 6),
        ("extract.size_px = 5\n", 1),
        ("\nextract = {margin = 2.0, size_px = 5}\n", 2),
        ('[extract]\ndetector = "hog"\n"size_px" = 5', 3),
        ("[extract]\r\nmargin = 2.0\r\nsize_px = 5\r\n", 3),
    ],
)
def test_a_bad_value_is_told_with_key_range_file_and_line(refused, tmp_path, text, line):
    message, hint = refused(text)
    assert message == f"{tmp_path / 'dsbuild.toml'}, line {line}: size_px = 5 is not allowed"
    assert hint == "size_px takes a whole number from 32 to 2048"


@pytest.mark.parametrize(
    ("text", "what", "hint"),
    [
        ("\n[extract]\nsize = 5\n", "line 3: unknown key in [extract]: size", "size_px?"),
        ("[extract]\nfrobnicate = 5\n", "line 2: unknown key in [extract]: frob", "detector, "),
        ("[extract.sub]\na = 5\n", "line 1: unknown key in [extract]: sub", "known are"),
        ("[run]\n[extrakt]\n", "line 2: unknown section extrakt", "did you mean extract?"),
        ("[review]\n", "line 1: unknown section review", "extract, run"),
        ("\nsize_px = 64\n", "line 2: size_px stands outside", "put it below [extract]"),
        ("workers = 2\n", "line 1: workers stands outside", "put it below [run]"),
        ("extract = 5\n", "line 1: extract is no section", "write it as [extract]"),
        ("[[extract]]\n", "line 1: extract is no section", "write it as [extract]"),
    ],
)
def test_what_is_unknown_is_told_with_its_line_and_the_nearest_name(refused, text, what, hint):
    message, told = refused(text)
    assert what in message
    assert hint in told


@writes_files
@given(key=st.text(st.characters(codec="utf-8"), max_size=20))
def test_any_unknown_key_is_told_with_its_line(tmp_path_factory, key):
    import tomlkit

    path = tmp_path_factory.mktemp("settings") / "dsbuild.toml"
    document = tomlkit.document()
    document["run"] = {"workers": 1, key: 5}
    path.write_bytes(tomlkit.dumps(document).encode())
    if key in RunSettings.__dataclass_fields__:
        return
    with pytest.raises(SettingsError, match=r", line 3: unknown key in \[run\]: "):
        read_settings(path)


def test_what_is_no_toml_is_told_with_its_line(refused, tmp_path):
    message, hint = refused("[extract]\nsize_px = = 5\n")
    assert message.startswith(f"{tmp_path / 'dsbuild.toml'}: ")
    assert "line 2" in message
    assert hint


def test_what_is_no_text_is_told(tmp_path):
    path = tmp_path / "dsbuild.toml"
    path.write_bytes(b"[extract]\n# caf\xe9\n")
    with pytest.raises(SettingsError, match="not UTF-8 text, at byte 15"):
        read_settings(path)


def test_options_go_to_the_section_that_has_them():
    settings = Settings().override(size_px=64, workers=2, margin=None)
    assert (settings.extract.size_px, settings.run.workers) == (64, 2)
    assert settings.extract.margin == ExtractSettings().margin
    with pytest.raises(TypeError, match="no such setting: sise"):
        Settings().override(sise=5)


def test_workers_default_to_the_cores_at_hand():
    assert RunSettings(workers=3).worker_count == 3
    assert RunSettings().worker_count >= 1


def test_the_documentation_has_every_setting_with_its_default_and_range():
    text = DOCS.read_text(encoding="utf-8")
    for _, f in EVERY:
        shown = json.dumps(f.default)
        assert f"| `{f.name}` | {shown} | {allowed(f.metadata)} |" in text


def test_settings_are_plain_values():
    assert all(type(value) in (int, float, str) for value in asdict(ExtractSettings()).values())


def test_a_dataset_with_faulty_settings_is_a_settings_error_not_another_folder(ds):
    Dataset.create(ds, Settings())
    (ds / "dsbuild.toml").write_text("[extract]\nsize_px = 1\n")
    with pytest.raises(SettingsError):
        Dataset.open(ds)
    assert not issubclass(SettingsError, NotADatasetError)

import csv
import io
import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepfake_dataset.errors import LabelsError
from deepfake_dataset.records import Label, Provenance
from deepfake_dataset.sources.label_words import LABEL_WORDS
from deepfake_dataset.sources.labels_csv import (
    COLUMNS,
    REQUIRED,
    match_labels,
    read_labels,
)
from deepfake_dataset.sources.list_files import list_files

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = ROOT / "manifests" / "labels.schema.json"
PAGE = ROOT / "docs" / "sources.md"


@pytest.fixture
def said(write, tmp_path):
    """Match a CSV in tmp_path with the videos under the paths named, and give labels by path."""

    def match(text: str, *named: str, at: str = "labels.csv") -> dict[str, Label]:
        file = write(at, text)
        videos = list(list_files([tmp_path / name for name in named or ("v",)]).files.values())
        labels = match_labels(file, read_labels(file), videos)
        return {v.path: labels[v.identity].label for v in videos if v.identity in labels}

    return match


def test_all_columns_are_read(write):
    file = write("labels.csv", "path,label,method,target,donor\na.mp4,fake,FaceSwap,004,982\n")
    (row,) = read_labels(file)
    assert (row.line, row.path) == (2, "a.mp4")
    assert row.provenance == Provenance(Label.FAKE, "FaceSwap", "004", "982")


@pytest.mark.parametrize(
    "text",
    [
        "path,label\na b.mp4,real\n",
        "label,path\nreal,a b.mp4",
        "path;label\na b.mp4;real\n",
        "path\tlabel\na b.mp4\treal\n",
        "\ufeffpath,label\r\na b.mp4,real\r\n",
        "\n\npath,label\n\na b.mp4,real\n\n,\n",
        ' Path , LABEL\n"a b.mp4", Real \n',
        "path;label;method;target;donor\na b.mp4;real;;;\n;;;;\n",
    ],
)
def test_what_spreadsheets_write_is_read(text, write):
    (row,) = read_labels(write("labels.csv", text))
    assert (row.path, row.provenance) == ("a b.mp4", Provenance(Label.REAL))


def test_a_header_alone_says_nothing(write):
    assert read_labels(write("labels.csv", "path,label\n")) == ()


@pytest.mark.parametrize(("word", "label"), LABEL_WORDS.items())
def test_every_label_word_is_read_in_any_case(word, label, write):
    for spelling in (word, word.upper(), word.title()):
        (row,) = read_labels(write("labels.csv", f"path,label\na.mp4,{spelling}\n"))
        assert row.provenance.label is label


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "line 1, column path, label: is missing"),
        ("path\na.mp4\n", "line 1, column label: is missing"),
        ("label\nreal\n", "line 1, column path: is missing"),
        ("a.mp4,real\n", "line 1, column 'a.mp4', 'real': there is no such column"),
        ("path,label,split,x\na,real,train,\n", "line 1, column 'split', 'x': there is no such"),
        ("\npath,label,\na,real,\n", "line 2, column '': there is no such column"),
        ("path,label,label\na,real,fake\n", "line 1, column label: stands there twice"),
        ("path,label\na.mp4,maybe\n", "line 2, column label: 'maybe' is not a label"),
        ("path,label\na.mp4,\n", "line 2, column label: '' is not a label"),
        ("path,label\na.mp4,1\n", "line 2, column label: '1' is not a label"),
        ("path,label\na.mp4,real\n ,fake\n", "line 3, column path: is empty"),
        ("path,label\na.mp4\n", "line 2, column label: the row has 1 cells, the header 2"),
        ("path,label\na,b.mp4,real\n", "line 2, column label: the row has 3 cells"),
        ('path,label\n"a\nb.mp4",real\nc,x\n', "line 4, column label: 'x' is not"),
        ('path,label\nx,real\n"a,real\n', "line 3: unexpected end of data"),
        ('path,label\n"a"b,real\n', "line 2: "),
        (b"path,label\na.mp4,real\ncaf\xe9.mp4,real\n", "line 3: not UTF-8"),
        ("path,label\n".encode("utf-16"), "line 1: not UTF-8"),
    ],
)
def test_a_csv_that_is_wrong_is_refused_with_line_and_column(text, message, write):
    file = write("labels.csv", text)
    with pytest.raises(LabelsError) as caught:
        read_labels(file)
    assert str(caught.value).startswith(f"{file}, {message}")
    assert caught.value.hint


def test_a_csv_that_is_not_there_is_named(tmp_path):
    for path in (tmp_path / "gone.csv", tmp_path):
        with pytest.raises(LabelsError, match="cannot be read") as caught:
            read_labels(path)
        assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    "path", ["v/real/a.mp4", "./v//real/a.mp4", "v/b/../real/a.mp4", "real/a.mp4", "a.mp4"]
)
def test_a_path_counts_from_the_csv_or_the_named_folder_or_is_a_bare_name(path, write, said):
    write("v/real/a.mp4")
    write("v/b/b.mp4")
    assert said(f"path,label\n{path},fake\n") == {"real/a.mp4": Label.FAKE}


def test_a_path_may_be_absolute_and_lead_over_links(write, said, tmp_path):
    video = write("v/a.mp4")
    (tmp_path / "link").symlink_to("v")
    for path in (video, tmp_path / "link" / "a.mp4"):
        assert said(f"path,label\n{path},fake\n") == {"a.mp4": Label.FAKE}


def test_the_way_from_the_csv_goes_before_the_named_folder_before_bare_names(write, said):
    for name in ("v/a.mp4", "v/v/a.mp4", "v/b/c/a.mp4"):
        write(name)
    assert said("path,label\nv/a.mp4,fake\n") == {"a.mp4": Label.FAKE}
    assert said("path,label\nv/a.mp4,fake\n", at="w/labels.csv") == {"v/a.mp4": Label.FAKE}
    assert said("path,label\na.mp4,fake\n", at="w/labels.csv") == {"a.mp4": Label.FAKE}


@pytest.mark.parametrize(("path", "named"), [("a.mp4", ("v",)), ("a.mp4", ("v/x", "v/y"))])
def test_a_path_that_may_be_two_videos_is_refused(path, named, write, said):
    write("v/x/a.mp4")
    write("v/y/a.mp4")
    with pytest.raises(LabelsError, match=r"line 2, column path: .*x/a.mp4' or '.*y/a.mp4'"):
        said(f"path,label\n{path},fake\n", *named)


@pytest.mark.parametrize("path", ["gone.mp4", "v", "labels.csv", "x" * 5000, "a\0.mp4", "/"])
def test_a_path_that_is_no_video_found_is_refused(path, write, said):
    write("v/a.mp4")
    with pytest.raises(LabelsError, match=r"line 3, column path: .* is none of the videos"):
        said(f"path,label\na.mp4,real\n{path},fake\n")


def test_rows_that_agree_about_a_video_may_repeat(write, said):
    write("v/a.mp4")
    text = "path,label\na.mp4,real\nv/a.mp4,original\na.mp4,real\n"
    assert said(text) == {"a.mp4": Label.REAL}


@pytest.mark.parametrize("second", ["a.mp4,fake,", "v/a.mp4,real,x"])
def test_rows_that_contradict_each_other_are_refused(second, write, said):
    write("v/a.mp4")
    with pytest.raises(LabelsError, match="line 3, column path: line 2 says something else"):
        said(f"path,label,target\na.mp4,real,\n{second}\n")


@pytest.mark.skipif(os.uname().sysname != "Linux", reason="the file system takes UTF-8 only")
def test_bytes_that_are_not_utf8_are_written_as_escapes(tmp_path, write, said):
    write("v/a.mp4").rename(os.fsdecode(os.fsencode(tmp_path) + b"/v/caf\xe9.mp4"))
    for path in ("v/caf\\xe9.mp4", "caf\\xe9.mp4", f"{tmp_path}/v/caf\\xe9.mp4"):
        assert said(f"path,label\n{path},fake\n") == {"caf\\xe9.mp4": Label.FAKE}


def test_composed_and_decomposed_letters_are_the_same(write, said):
    write("v/cafe\u0301.mp4")
    assert said("path,label\ncaf\u00e9.mp4,fake\n") == {"cafe\u0301.mp4": Label.FAKE}


TEXT = st.text(st.characters(exclude_categories=["Cs"]))
PROVENANCE = st.builds(Provenance, st.sampled_from(Label), *[TEXT.map(str.strip) for _ in range(3)])
PATH = TEXT.filter(str.strip)


@given(
    rows=st.lists(st.tuples(PATH, PROVENANCE)),
    separator=st.sampled_from(",;\t"),
    mark=st.booleans(),
    columns=st.permutations(COLUMNS),
)
def test_what_is_written_is_read_back(tmp_path_factory, rows, separator, mark, columns):
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns, delimiter=separator)
    writer.writeheader()
    for path, p in rows:
        writer.writerow(
            {"path": path, "label": p.label, "method": p.method, "target": p.target,
             "donor": p.donor}
        )  # fmt: skip
    file = tmp_path_factory.mktemp("csv") / "labels.csv"
    file.write_bytes(text.getvalue().encode("utf-8-sig" if mark else "utf-8"))
    assert [(row.path, row.provenance) for row in read_labels(file)] == rows


@pytest.mark.parametrize("label", Label)
def test_the_documentation_lists_every_label_word(label):
    words = [word for word, meaning in LABEL_WORDS.items() if meaning is label]
    assert f"| {label} | {', '.join(words)} |" in PAGE.read_text(encoding="utf-8")


def test_the_reader_keeps_to_the_published_schema():
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    fields = {field["name"]: field.get("constraints", {}) for field in schema["fields"]}
    assert tuple(fields) == COLUMNS
    assert tuple(name for name, limits in fields.items() if limits.get("required")) == REQUIRED
    assert fields["label"]["enum"] == list(LABEL_WORDS)
    assert schema["fieldsMatch"] == "superset"  # of the columns that a file may have

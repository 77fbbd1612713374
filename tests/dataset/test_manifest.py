import json
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepfake_dataset.dataset.manifest import (
    COLUMNS,
    SCHEMA,
    read_manifest,
    table_schema,
    write_manifest,
)
from deepfake_dataset.errors import ManifestError

PUBLISHED = Path(__file__).resolve().parents[2] / "manifests" / "manifest.schema.json"
REFRESH = (
    "python -c 'import json; from deepfake_dataset.dataset.manifest import table_schema;"
    " print(json.dumps(table_schema(), indent=2, ensure_ascii=False))'"
    " > manifests/manifest.schema.json"
)
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=8)


def row(**values):
    blank = {f.name: "" if f.type == pa.string() else None for f in SCHEMA}
    return blank | {"path": "faces/a/a-0.png", "label": "real"} | values


def written(file, *rows):
    write_manifest(file, [pa.Table.from_pylist(list(rows), schema=SCHEMA)])
    return file.read_bytes()


@pytest.fixture
def read(tmp_path):
    def read_bytes(data):
        (tmp_path / "m.csv").write_bytes(data)
        return read_manifest(tmp_path / "m.csv").to_pylist()

    return read_bytes


@pytest.fixture
def refused(read):
    def read_badly(data):
        with pytest.raises(ManifestError) as caught:
            read(data)
        return str(caught.value)

    return read_badly


def test_the_published_schema_is_that_of_the_code():
    assert json.loads(PUBLISHED.read_text()) == table_schema(), REFRESH


def test_the_published_schema_has_every_column_in_order():
    assert [field["name"] for field in table_schema()["fields"]] == SCHEMA.names
    assert {c.name for c in COLUMNS if c.required} == {"path", "label"}


@settings(max_examples=50)
@given(
    texts=st.lists(st.tuples(TEXT, TEXT, TEXT), max_size=5),
    number=st.floats(allow_nan=False, allow_infinity=False),
    whole=st.none() | st.integers(-(2**63), 2**63 - 1),
)
def test_what_is_written_is_read_back(tmp_path_factory, texts, number, whole):
    file = tmp_path_factory.mktemp("m") / "m.csv"
    rows = [
        row(path=f"{i}{path}", method=method, target=target, time_s=number, frame=whole)
        for i, (path, method, target) in enumerate(texts)
    ]
    written(file, *rows)
    assert read_manifest(file).to_pylist() == rows


def test_dictionary_columns_are_written_as_their_words(tmp_path):
    table = pa.Table.from_pylist([row(path="a"), row(path="b", label="fake")], schema=SCHEMA)
    coded = table.set_column(1, "label", table["label"].combine_chunks().dictionary_encode())
    write_manifest(tmp_path / "coded.csv", [coded])
    write_manifest(tmp_path / "plain.csv", [table])
    assert (tmp_path / "coded.csv").read_bytes() == (tmp_path / "plain.csv").read_bytes()


def test_pieces_are_written_as_one_table_would_be(tmp_path):
    rows = [row(path=f"{i}.png", frame=i) for i in range(7)]
    whole = pa.Table.from_pylist(rows, schema=SCHEMA)
    assert write_manifest(tmp_path / "a.csv", [whole]) == 7
    assert write_manifest(tmp_path / "b.csv", [whole.slice(0, 3), whole.slice(3)]) == 7
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()


def test_cells_are_quoted_only_where_they_must_be(tmp_path):
    text = written(tmp_path / "m.csv", row(path='a,"b".png', method="Face2Face")).decode()
    header, line, end = text.split("\n")
    assert header == ",".join(SCHEMA.names)
    assert line.startswith('"a,""b"".png",real,Face2Face,')
    assert end == ""


def test_no_cell_is_a_formula_for_a_spreadsheet(tmp_path):
    text = written(tmp_path / "m.csv", row(target="=HYPERLINK(1)", donor="@x")).decode()
    assert ",'=HYPERLINK(1),'@x," in text


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbfpath,label,time_s\na.png,real,0.5\n",
        b"path;label;time_s\r\na.png;real;0,5\r\n",
        b"path;label;time_s\na.png;real;0.5",
        b"label\tpath\ttime_s\r\nREAL \ta.png\t0.5\r\n",
        b'"Path","Label",other,time_s\n\n"a.png",Real,x,0.5\n\n',
    ],
    ids=["mark", "semicolons", "no-end", "tabs", "others"],
)
def test_manifests_that_were_edited_are_read(read, data):
    (found,) = read(data)
    assert (found["path"], found["label"], found["time_s"]) == ("a.png", "real", 0.5)
    assert found["video_id"] is None


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "no column path"),
        (b"path\na\n", "no column label"),
        (b"path,label,Path\na,real,b\n", "column path twice"),
        (b"path,label\na,real\nb,deepfake\n", "row 3: the label 'deepfake' is none of fake, real"),
        (b"path,label\na,\n", "row 2: the label ''"),
        (b"path,label\n,real\n", "row 2: no path"),
        (b"path,label,frame\na,real,x\n", "Row #2"),
        (b"path,label\na,real,1\n", "Row #2"),
        (b"path,label\na,real\nb,real\na,fake\n", "rows 2 and 4: a stands there twice"),
        (b"path,label\n\xff,real\n", "UTF8"),
        (b"\xff\xfep\x00a\x00", "not UTF-8"),
    ],
)
def test_what_is_no_manifest_is_refused_with_the_row(refused, data, told):
    message = refused(data)
    assert told in message
    assert "m.csv" in message


def test_a_missing_manifest_is_an_error_with_its_path(tmp_path):
    with pytest.raises(ManifestError, match=r"none\.csv cannot be read: No such file"):
        read_manifest(tmp_path / "none.csv")

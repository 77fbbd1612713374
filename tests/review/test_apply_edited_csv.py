import csv
import io
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deepfake_dataset.dataset.dataset import Dataset
from deepfake_dataset.dataset.decisions import STATE_AFTER, Action, State, read_decisions, verdicts
from deepfake_dataset.dataset.face_table import read_faces
from deepfake_dataset.dataset.spreadsheet_safety import formula_restored
from deepfake_dataset.errors import ReviewFileError
from deepfake_dataset.records import Label, Provenance
from deepfake_dataset.review.apply_edited_csv import (
    DECISION_WORDS,
    apply_edited_csv,
    read_edited_csv,
)
from deepfake_dataset.review.queue_csv import encode_queue_csv
from deepfake_dataset.review.session import ReviewSession
from deepfake_dataset.settings import Settings

FIRST, SECOND = "0123456789abcdef-000000-0", "0123456789abcdef-000001-0"


@pytest.fixture
def table(tmp_path):
    def write(text, encoding="utf-8"):
        file = tmp_path / "mine.csv"
        file.write_bytes(text.encode(encoding))
        return file

    return write


def _filled_in(*rows, header="face_id,new_decision,new_reason"):
    return "\n".join([header, *rows]) + "\n"


def test_rows_that_are_filled_in_are_decided(table, session):
    file = table(
        _filled_in(
            f"{FIRST},reject,blurred", f"{SECOND},,", "fedcba9876543210-000000-0,relabel-real,"
        )
    )
    applied = apply_edited_csv(file, session, "Ann")
    assert (applied.made, applied.known, applied.overruled) == (2, 0, 0)
    assert (session.state(FIRST), session.state(SECOND)) == (State.REJECTED, State.UNDECIDED)
    assert session.label("fedcba9876543210-000000-0") is Label.REAL


def test_a_table_may_be_applied_twice(table, session):
    file = table(_filled_in(f"{FIRST},reject,blurred", f"{SECOND},keep,"))
    apply_edited_csv(file, session, "Ann")
    applied = apply_edited_csv(file, session, "Ann")
    assert (applied.made, applied.known) == (0, 2)
    assert session.version == 2


def test_it_is_told_what_a_table_overrules(table, session):
    session.decide([FIRST], Action.KEEP, reviewer="Bob")
    header = "face_id,decision,new_decision"
    file = table(
        _filled_in(f"{FIRST},undecided,reject", f"{SECOND},undecided,reject", header=header)
    )
    assert apply_edited_csv(file, session, "Ann").overruled == 1


@pytest.mark.parametrize("word", ["Reject", " reject ", "REJECT"])
def test_words_may_be_written_freely(table, word):
    (row,) = read_edited_csv(table(_filled_in(f"{FIRST},{word},")))
    assert row.request.action is Action.REJECT


@pytest.mark.parametrize("word", ["wrong person", "Wrong_Person", "wrong-person"])
def test_words_of_two_words_too(table, word):
    (row,) = read_edited_csv(table(_filled_in(f"{FIRST},{word},")))
    assert row.request.action is Action.WRONG_PERSON


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_it_is_read_as_spreadsheets_save_it(table, separator, encoding):
    text = _filled_in(f"{FIRST},reject,Zoë", "", ",,").replace(",", separator)
    (row,) = read_edited_csv(table(text.replace("\n", "\r\n"), encoding))
    assert row.request.reason == "Zoë"


FAULTS = [
    ([f"{FIRST},rejekt,"], 2, "new_decision", "'rejekt' is no decision", "did you mean reject?"),
    ([f"{FIRST},x,"], 2, "new_decision", "'x' is no decision", "it takes keep, reject"),
    ([f"{SECOND},,", f"{FIRST},keep,", f"{FIRST},keep,"], 4, "face_id", "line 3 decides", "leave"),
    (["", "nobody-1,keep,"], 3, "face_id", "there is no face 'nobody-1'", "queue.csv"),
    ([f"{FIRST},undo,"], 2, "new_decision", "nothing is decided", "leave the cell empty"),
]


@pytest.mark.parametrize(("rows", "line", "column", "problem", "hint"), FAULTS)
def test_a_fault_is_named_by_line_and_column_and_nothing_is_decided(
    table, session, rows, line, column, problem, hint
):
    good = "0123456789abcdef-000004-0,reject,"
    with pytest.raises(ReviewFileError) as caught:
        apply_edited_csv(table(_filled_in(*rows, good)), session, "Ann")
    assert f"mine.csv, line {line}, column {column}: {problem}" in str(caught.value)
    assert hint in caught.value.hint
    assert session.version == 0


def test_undo_is_refused_where_someone_decided_since(table, session):
    session.decide([FIRST], Action.KEEP, reviewer="Bob")
    file = table(_filled_in(f"{FIRST},rejected,undo", header="face_id,decision,new_decision"))
    with pytest.raises(ReviewFileError, match="is kept by now, not rejected"):
        apply_edited_csv(file, session, "Ann")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "line 1, column face_id: is missing"),
        ("face_id\n", "line 1, column new_decision: is missing"),
        ("face_id,new_decision,face_id\n", "line 1, column face_id: stands there twice"),
        ('face_id,new_decision\n"a,keep\n', "line 2: "),
    ],
)
def test_what_is_no_such_table_is_refused(table, text, problem):
    with pytest.raises(ReviewFileError, match=problem):
        read_edited_csv(table(text))


def test_a_table_that_is_not_text_or_not_there_is_refused(table, tmp_path):
    with pytest.raises(ReviewFileError, match="line 2: not UTF-8"):
        read_edited_csv(table("face_id,new_decision\nÄ,keep\n", "latin-1"))
    with pytest.raises(ReviewFileError, match="cannot be read"):
        read_edited_csv(tmp_path / "nothing.csv")


# Queue, spreadsheet, apply: whatever videos, people and reasons are called.

NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=12)
ODD = st.sampled_from(["=cmd|'/C calc'!A0", "+1", "-2", "@x", "a,b;c\td", 'say "x"', "a\nb", "'q"])
EDIT = st.tuples(st.sampled_from(["", *DECISION_WORDS]), NAMES | ODD)


def _edited(text, edits, shape):
    """What a spreadsheet may make of a table in which someone has written."""
    rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")))
    header, body = rows[0], rows[1:]
    place = {name: header.index(name) for name in ("face_id", "new_decision", "new_reason")}
    for row in body:
        row[place["new_decision"]], row[place["new_reason"]] = edits[row[place["face_id"]]]
    if shape["sorted"]:
        body.sort(key=lambda row: row[place["face_id"]])
    if shape["fewer"]:
        header, body = (
            [name for name in header if name in place],
            [[row[i] for i, name in enumerate(header) if name in place] for row in body],
        )
    # Spreadsheets quote every line break; this Python quotes only the one that it writes.
    broken = any("\r" in cell for row in body for cell in row)
    out = io.StringIO(newline="")
    writer = csv.writer(
        out,
        delimiter=shape["separator"],
        quoting=csv.QUOTE_ALL if shape["quoted"] or broken else csv.QUOTE_MINIMAL,
        lineterminator=shape["end"],
    )
    writer.writerows([header, *body, [""] * len(header)])
    return out.getvalue().encode("utf-8-sig" if shape["mark"] else "utf-8")


def test_a_row_that_is_broken_in_two_is_no_lost_decision(tmp_path):
    (tmp_path / "queue.csv").write_bytes(b"video,face_id,new_decision\na\rb,f-1,keep\n")
    with pytest.raises(ReviewFileError, match="line 2, column face_id: the row ends before it"):
        read_edited_csv(tmp_path / "queue.csv")


SHAPES = st.fixed_dictionaries(
    {
        "separator": st.sampled_from(",;\t"),
        "end": st.sampled_from(["\n", "\r\n"]),
        **{name: st.booleans() for name in ("sorted", "fewer", "quoted", "mark")},
    }
)


@given(path=NAMES | ODD, edits=st.lists(EDIT, min_size=3, max_size=3), shape=SHAPES)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_queue_to_spreadsheet_to_decisions(
    tmp_path_factory, record, commit, source, path, edits, shape
):
    dataset = Dataset.create(tmp_path_factory.mktemp("ds"), Settings())
    who = Provenance(Label.REAL, target=path)
    commit(dataset, replace(record(faces=3), path=path, provenance=who))
    faces = _with_suspicion(read_faces(dataset))
    file = dataset.root / "review" / "queue.csv"
    file.parent.mkdir()
    file.write_bytes(encode_queue_csv(faces, verdicts(faces, read_decisions(dataset))))
    text = file.read_bytes().decode()
    (shown,) = {row["video"] for row in csv.DictReader(io.StringIO(text[1:], newline=""))}
    assert formula_restored(shown) == path
    assert shown[:1] not in ("=", "+", "-", "@", "\t", "\r")
    wanted = dict(zip(faces["face_id"].to_pylist(), edits, strict=True))
    wanted = {id_: (w, r) if w != "undo" else ("", r) for id_, (w, r) in wanted.items()}
    file.write_bytes(_edited(text, wanted, shape))
    session = ReviewSession(dataset, faces, source)
    applied = apply_edited_csv(file, session, "=me")
    assert applied.made == sum(bool(word) for word, _ in wanted.values())
    for face_id, (word, reason) in wanted.items():
        assert session.state(face_id) is (
            STATE_AFTER[DECISION_WORDS[word][0]] if word else State.UNDECIDED
        )
        row = int(session.verdicts.row[session.position(face_id)])
        if word and reason.isprintable():
            stored = session.verdicts.log["reason"][row].as_py()
            assert stored == " ".join(formula_restored(reason).split())


def _with_suspicion(faces):
    import pyarrow as pa

    count = faces.num_rows
    faces = faces.append_column("suspicion", pa.array([0.5] * count))
    return faces.append_column("reasons", pa.array([["jump"]] * count, pa.list_(pa.string())))

import json
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

import jsonschema
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepfake_dataset.dataset.catalog.index import VideoSummary, summary_of
from deepfake_dataset.dataset.schema import arrow_schema, from_row, json_schema, to_row
from deepfake_dataset.dataset.totals import Summary, Totals
from deepfake_dataset.records import Box, Cause, Face, Label, Miss, Scene, Stream, Video

PUBLISHED = Path(__file__).resolve().parents[2] / "manifests" / "video.schema.json"
REFRESH = (
    "python -c 'import json; from deepfake_dataset.records import Video;"
    " from deepfake_dataset.dataset.schema import json_schema;"
    " print(json.dumps(json_schema(Video), indent=2))' > manifests/video.schema.json"
)

st.register_type_strategy(str, st.text(st.characters(codec="utf-8")))
st.register_type_strategy(int, st.integers(-(2**63), 2**63 - 1))
st.register_type_strategy(float, st.floats(allow_nan=False))
VIDEOS = st.builds(
    Video,
    stream=st.none() | st.from_type(Stream),
    scenes=st.lists(st.from_type(Scene), max_size=3).map(tuple),
    faces=st.lists(st.from_type(Face), max_size=3).map(tuple),
    misses=st.lists(st.from_type(Miss), max_size=3).map(tuple),
)


class Colour(StrEnum):
    RED = "red"


@dataclass(frozen=True, slots=True)
class Inner:
    number: int
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Outer:
    colour: Colour
    inner: Inner
    many: tuple[Inner, ...]
    perhaps: Inner | None
    number: float | None
    flag: bool


@given(video=VIDEOS)
def test_a_record_is_the_same_after_becoming_a_row(video):
    assert from_row(Video, to_row(video)) == video


@given(video=VIDEOS)
def test_a_record_is_the_same_after_becoming_json(video):
    assert from_row(Video, json.loads(json.dumps(to_row(video)))) == video


@given(video=VIDEOS)
def test_a_record_is_the_same_after_becoming_parquet(video):
    sink = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_pylist([to_row(video)], schema=arrow_schema(Video)), sink)
    (row,) = pq.read_table(pa.BufferReader(sink.getvalue())).to_pylist()
    assert from_row(Video, row) == video


@given(outer=st.from_type(Outer))
def test_any_record_of_plain_values_makes_the_way(outer):
    table = pa.Table.from_pylist([to_row(outer)], schema=arrow_schema(Outer))
    assert from_row(Outer, table.to_pylist()[0]) == outer
    jsonschema.validate(to_row(outer), json_schema(Outer))


def test_values_of_a_row_are_plain():
    row = to_row(Outer(Colour.RED, Inner(1, ("a",)), (), None, None, True))
    assert type(row["colour"]) is str
    assert row["inner"] == {"number": 1, "words": ["a"]}
    assert row["many"] == []


@pytest.mark.parametrize("kind", [Box, Scene, Face, Video])
def test_unknown_columns_are_refused_by_name(kind, record):
    video = record()
    a = {Box: video.faces[0].box, Scene: video.scenes[0], Face: video.faces[0], Video: video}[kind]
    with pytest.raises(TypeError, match="unknown columns: a, zebra"):
        from_row(kind, to_row(a) | {"zebra": 1, "a": 1})


def test_unknown_columns_are_refused_inside_as_well(record):
    row = to_row(record())
    row["faces"][0]["box"]["depth"] = 3
    with pytest.raises(TypeError, match="unknown columns: depth"):
        from_row(Video, row)


def test_missing_columns_are_refused(record):
    row = to_row(record())
    del row["faces"][0]["score"]
    with pytest.raises(TypeError, match="score"):
        from_row(Video, row)


def test_a_word_that_is_none_of_the_choices_is_refused(record):
    with pytest.raises(ValueError, match="sepia"):
        from_row(Scene, to_row(record().scenes[0]) | {"cause": "sepia"})


@pytest.mark.parametrize(
    "wrong",
    [
        {"path": b"a"},
        {"path": None},
        {"size_bytes": 1.5},
        {"size_bytes": True},
        {"provenance": None},
        {"provenance": "real"},
        {"scenes": None},
        {"faces": [None]},
    ],
)
def test_values_of_another_kind_are_refused(wrong, record):
    with pytest.raises(TypeError):
        from_row(Video, to_row(record()) | wrong)


def test_words_come_back_as_what_they_were(record):
    video = from_row(Video, to_row(record()))
    assert video.provenance.label is Label.REAL
    assert video.scenes[1].cause is Cause.LIGHT


def test_only_what_may_be_missing_may_be_null():
    schema = arrow_schema(Video)
    assert [field.name for field in schema if field.nullable] == ["stream"]
    assert not schema.field("faces").type.value_field.nullable
    assert not schema.field("faces").type.value_type.field("box").nullable


def test_a_required_value_cannot_be_written_as_null(record, dataset):
    with pytest.raises(pa.ArrowInvalid):
        dataset.commit(record(path=None))
    assert dataset.video_ids() == []


def test_the_published_schema_is_the_one_of_the_records():
    published = json.loads(PUBLISHED.read_text(encoding="utf-8"))
    assert published == json_schema(Video), f"refresh it by: {REFRESH}"


def test_the_published_schema_is_a_sound_one():
    jsonschema.Draft202012Validator.check_schema(json.loads(PUBLISHED.read_text("utf-8")))


def test_a_record_validates_against_the_published_schema(record):
    schema = json.loads(PUBLISHED.read_text("utf-8"))
    jsonschema.validate(to_row(record()), schema)
    jsonschema.validate(to_row(record(stream=None, faces=0, scenes=())), schema)


@pytest.mark.parametrize(
    "damage",
    [
        {"zebra": 1},
        {"status": "lost"},
        {"size_bytes": "many"},
        {"provenance": None},
        {"faces": [{}]},
    ],
)
def test_what_is_no_record_does_not_validate(record, damage):
    schema = json.loads(PUBLISHED.read_text("utf-8"))
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(to_row(record()) | damage, schema)


def test_a_null_validates_only_where_a_value_may_be_missing(record):
    row = to_row(replace(record(), stream=None))
    jsonschema.validate(row, json_schema(Video))
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(row | {"message": None}, json_schema(Video))


@pytest.mark.parametrize("kind", [Video, VideoSummary, Totals, Summary])
def test_every_record_that_is_printed_or_kept_has_a_schema(kind):
    jsonschema.Draft202012Validator.check_schema(json_schema(kind))


def test_a_brief_validates_against_its_schema(record):
    jsonschema.validate(to_row(summary_of(record())), json_schema(VideoSummary))

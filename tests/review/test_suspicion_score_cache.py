import re
from importlib import import_module
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deepfake_dataset.dataset.face_table import FACES, read_faces
from deepfake_dataset.review import suspicion_score, suspicion_score_cache
from deepfake_dataset.review.measurements import MEASUREMENTS
from deepfake_dataset.review.reasons.face_features import FaceFeatures
from deepfake_dataset.review.suspicion_score import score_faces
from deepfake_dataset.review.suspicion_score_cache import score_faces_cached


class Measurements:
    """Made-up measurements of faces; counts how often they are asked for."""

    def __init__(self, faces):
        rng = np.random.default_rng(1)
        numbers = {name: rng.uniform(0, 2, faces.num_rows) for name in MEASUREMENTS.names[1:]}
        self.table = pa.table({"face_id": faces["face_id"], **numbers}, schema=MEASUREMENTS)
        self.asked = 0

    def __call__(self):
        self.asked += 1
        return self.table


@pytest.fixture
def faces(filled):
    return read_faces(filled)


@pytest.fixture
def measurements(faces):
    return Measurements(faces)


@pytest.fixture
def kept(filled, faces, measurements):
    """The file in which scores are kept."""
    score_faces_cached(filled, faces, measurements)
    measurements.asked = 0
    (file,) = filled.cache_folder.glob("suspicion*")
    return file


def _assert_same(scores, fresh):
    assert scores.suspicion.tobytes() == fresh.suspicion.tobytes()
    assert (scores.named == fresh.named).all()
    assert scores.named.any()


def test_scores_that_were_kept_are_those_that_scoring_gives(filled, faces, measurements, kept):
    scores = score_faces_cached(filled, faces, measurements).scores
    assert measurements.asked == 0
    _assert_same(scores, score_faces(FaceFeatures(faces, measurements.table)))


def test_they_hold_however_the_table_was_put_together(filled, faces, measurements, kept):
    pieces = pa.concat_tables([faces.slice(0, 3), faces.slice(3)])
    score_faces_cached(filled, pieces, measurements)
    score_faces_cached(filled, read_faces(filled), measurements)
    assert measurements.asked == 0


@pytest.mark.parametrize("name", FACES.names)
def test_another_value_of_one_face_has_all_scored_anew(filled, faces, measurements, kept, name):
    column = faces[name].to_pylist()
    column[2] = _other(column[2])
    place = faces.schema.get_field_index(name)
    changed = faces.set_column(place, FACES.field(name), pa.array(column, FACES.field(name).type))
    score_faces_cached(filled, changed, measurements)
    assert measurements.asked == 1


def _other(value):
    if isinstance(value, list):
        return [*value[:-1], value[-1] + 1e-9]
    return value + ("x" if isinstance(value, str) else 1)


def test_fewer_faces_or_another_order_have_all_scored_anew(filled, faces, measurements, kept):
    for other in (faces.slice(0, 7), faces.take(pa.array([1, 0, *range(2, 8)]))):
        places = pc.index_in(other["face_id"], measurements.table["face_id"].combine_chunks())
        score_faces_cached(filled, other, lambda places=places: measurements().take(places))
    assert measurements.asked == 2


def test_other_code_has_all_scored_anew(filled, faces, measurements, kept, monkeypatch):
    monkeypatch.setattr(suspicion_score_cache, "_code_hash", lambda: "other")
    score_faces_cached(filled, faces, measurements)
    assert measurements.asked == 1


def test_all_code_that_scores_depend_on_is_read():
    hashed = list(suspicion_score_cache._sources())
    assert Path(suspicion_score.__file__).read_bytes() in hashed
    for source in hashed:
        for name in re.findall(r"from (deepfake_dataset\.review\S*) import", source.decode()):
            file = import_module(name).__file__
            assert file is None or Path(file).read_bytes() in hashed, name


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(st.data())
def test_a_damaged_file_is_neither_believed_nor_a_fault(filled, faces, measurements, kept, data):
    whole = kept.read_bytes()
    place = data.draw(st.integers(0, len(whole) - 1))
    flipped = bytes([whole[place] ^ data.draw(st.integers(1, 255))])
    damaged = data.draw(
        st.sampled_from(
            [whole[:place], whole + b"\0", whole[:place] + flipped + whole[place + 1 :]]
        )
    )
    kept.write_bytes(damaged)
    before = measurements.asked
    _assert_same(
        score_faces_cached(filled, faces, measurements).scores,
        score_faces(FaceFeatures(faces, measurements.table)),
    )
    assert measurements.asked == before + 1
    assert kept.read_bytes() == whole


def test_a_cache_that_cannot_be_written_is_done_without(filled, faces, measurements):
    filled.cache_folder.mkdir(exist_ok=True)
    (filled.cache_folder / "suspicion.bin").mkdir()
    for _ in range(2):
        score_faces_cached(filled, faces, measurements)
    assert measurements.asked == 2
    assert not list(filled.cache_folder.glob(".partial*"))


def test_no_faces_are_scored_and_kept(filled, faces):
    nothing = faces.slice(0, 0)
    measurements = Measurements(nothing)
    for _ in range(2):
        assert score_faces_cached(filled, nothing, measurements).scores.named.shape == (0, 9)
    assert measurements.asked == 1

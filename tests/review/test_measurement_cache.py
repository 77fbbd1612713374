from dataclasses import replace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from deepfake_dataset.dataset.face_table import read_faces
from deepfake_dataset.records import Label, Provenance
from deepfake_dataset.review.measurement_cache import MeasurementCache
from deepfake_dataset.review.measurements import MEASUREMENTS

VIDEO = "0123456789abcdef"


@pytest.fixture
def one_video(dataset, record, commit):
    commit(dataset, record(faces=8))
    return dataset


def _cache(dataset):
    return MeasurementCache.of(dataset, read_faces(dataset))


def _measured(dataset):
    ids = [face.face_id for face in dataset.read(VIDEO).faces]
    columns = {name: [0.5] * len(ids) for name in MEASUREMENTS.names if name != "face_id"}
    return pa.table({"face_id": ids, **columns}, schema=MEASUREMENTS)


def test_what_was_measured_is_kept(one_video):
    assert _cache(one_video).missing() == [VIDEO]
    measurements = _cache(one_video).with_new({VIDEO: _measured(one_video)})
    again = _cache(one_video)
    assert again.missing() == []
    assert again.with_new({}).equals(measurements)


def test_other_crops_or_another_label_are_measured_anew(one_video):
    _cache(one_video).with_new({VIDEO: _measured(one_video)})
    video = one_video.read(VIDEO)
    one_video.rewrite(replace(video, provenance=Provenance(Label.FAKE)))
    assert _cache(one_video).missing() == [VIDEO]
    first = replace(video.faces[0], sha256="00" * 32)
    one_video.rewrite(replace(video, faces=(first, *video.faces[1:])))
    assert _cache(one_video).missing() == [VIDEO]
    one_video.rewrite(video)
    assert _cache(one_video).missing() == []


def test_a_damaged_cache_is_made_anew(one_video):
    _cache(one_video).with_new({VIDEO: _measured(one_video)})
    (one_video.cache_folder / "measurements.parquet").write_bytes(b"PAR1 no more")
    assert _cache(one_video).missing() == [VIDEO]


def test_what_was_measured_before_columns_had_these_names_holds(one_video):
    measured = _cache(one_video).with_new({VIDEO: _measured(one_video)})
    file = one_video.cache_folder / "measurements.parquet"
    table = pq.read_table(pa.BufferReader(file.read_bytes()))
    file.unlink()
    earlier = ("look_score", "look_x", "look_y", "look_side", "eyes_turn", "eyes_x", "eyes_y")
    names = [*table.column_names[:3], *earlier, "eyes_apart", "unlike_shape", "unlike_colour"]
    pq.write_table(table.rename_columns([*names, "stranger"]), file.with_name("clues.parquet"))
    assert _cache(one_video).missing() == []
    assert _cache(one_video).with_new({}).equals(measured)

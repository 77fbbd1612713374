from dataclasses import replace

import pyarrow.parquet as pq
import pytest

from deepfake_dataset.dataset.catalog.index import read_summaries
from deepfake_dataset.dataset.dataset import Dataset
from deepfake_dataset.dataset.face_table import FACES, read_faces
from deepfake_dataset.dataset.layout import record_key
from deepfake_dataset.errors import UsageError
from deepfake_dataset.records import Label, Provenance, Status
from deepfake_dataset.settings import Settings

IDS = ("0" * 16, "7" * 16, "f" * 16)


@pytest.fixture
def dataset(tmp_path, record, commit):
    dataset = Dataset.create(tmp_path / "ds", Settings())
    for video_id in (IDS[1], IDS[0]):
        commit(dataset, record(video_id))
    return dataset


def test_the_table_has_every_face_of_the_records_in_order(dataset):
    rows = read_faces(dataset).to_pylist()
    expected = [(video, face) for video in dataset.videos() for face in video.faces]
    assert [row["face_id"] for row in rows] == [face.face_id for _, face in expected]
    for row, (video, face) in zip(rows, expected, strict=True):
        assert row["video_path"] == video.path
        assert row["label"] == video.provenance.label
        assert row["codec"] == video.stream.codec
        assert row["box_right"] == face.box.right
        assert tuple(row["landmarks"]) == face.landmarks
        assert row["sha256"] == face.sha256


def test_a_dataset_without_faces_gives_a_table_without_rows(tmp_path):
    table = read_faces(Dataset.create(tmp_path / "ds", Settings()))
    assert table.num_rows == 0
    assert table.schema.equals(FACES)


def test_videos_that_failed_have_no_faces(dataset, record):
    failed = replace(record(IDS[2]), status=Status.FAILED, stream=None, faces=(), scenes=())
    dataset.commit(failed)
    assert IDS[2] not in read_faces(dataset)["video_id"].to_pylist()


def test_only_records_that_changed_are_read_again(dataset, monkeypatch):
    before = read_faces(dataset)
    video = dataset.read(IDS[1])
    dataset.rewrite(replace(video, provenance=Provenance(Label.FAKE, "Deepfakes")))
    read_summaries(dataset)  # has a cache of its own
    read, read_table = [], Dataset.read_table

    def noted(self, video_id):
        read.append(video_id)
        return read_table(self, video_id)

    monkeypatch.setattr(Dataset, "read_table", noted)
    after = read_faces(dataset)
    assert read == [IDS[1]]
    assert after["face_id"].equals(before["face_id"])
    labels = {row["label"] for row in after.to_pylist() if row["video_id"] == IDS[1]}
    assert labels == {"fake"}


def test_faces_of_a_removed_video_are_gone(dataset):
    read_faces(dataset)
    dataset.remove(IDS[0])
    assert set(read_faces(dataset)["video_id"].to_pylist()) == {IDS[1]}


@pytest.mark.parametrize("damage", [b"no parquet", b""])
def test_a_damaged_cache_is_made_anew(dataset, damage):
    before = read_faces(dataset)
    (dataset.cache_folder / "faces.parquet").write_bytes(damage)
    assert read_faces(dataset).equals(before)


def test_a_cache_with_other_columns_is_made_anew(dataset):
    before = read_faces(dataset)
    cache = dataset.cache_folder / "faces.parquet"
    pq.write_table(pq.read_table(cache).drop_columns(["yaw_deg"]), cache)
    assert read_faces(dataset).equals(before)


def test_a_damaged_record_is_named(dataset):
    (dataset.root / record_key(IDS[0])).write_bytes(b"no parquet")
    with pytest.raises(UsageError, match=IDS[0]):
        read_faces(dataset)

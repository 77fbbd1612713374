from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from deepfake_dataset.commands.extract import extract_faces
from deepfake_dataset.dataset.dataset import Dataset
from deepfake_dataset.dataset.decisions import apply_decisions, read_decisions
from deepfake_dataset.dataset.face_table import read_faces
from deepfake_dataset.engine.inline import InlineEngine
from deepfake_dataset.faces.embedding import embed_crop
from deepfake_dataset.split.similarity import face_embeddings
from deepfake_dataset.split.similarity.face_embeddings import (
    EmbeddingNetwork,
    embed_tracks,
    medians,
)
from deepfake_dataset.split.similarity.person_clusters import people_of

NETWORK = EmbeddingNetwork(embed_crop, ["deepfake_dataset.faces.embedding:load_network"])


@pytest.fixture(scope="module")
def filmed(tmp_path_factory: pytest.TempPathFactory, face_video: Path) -> Dataset:
    """One person in two shots."""
    root = tmp_path_factory.mktemp("filmed") / "ds"
    extract_faces([face_video], root, faces_per_scene=4)
    return Dataset.open(root)


def _faces(dataset: Dataset) -> pa.Table:
    return apply_decisions(read_faces(dataset), read_decisions(dataset))


def test_a_person_is_known_again_in_another_shot(filmed: Dataset) -> None:
    faces = _faces(filmed)
    tracks = embed_tracks(filmed, faces, NETWORK, InlineEngine())
    assert len(tracks.video_ids) == 2
    assert np.linalg.norm(tracks.vectors[0] - tracks.vectors[1]) < 0.3
    assert tracks.of_face.tolist() == faces["track"].to_pylist()
    assert len(set(people_of(tracks).person.to_pylist())) == 1
    assert tracks.unusable == ()


def test_what_was_embedded_is_not_embedded_again(
    filmed: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = embed_tracks(filmed, _faces(filmed), NETWORK, InlineEngine())
    monkeypatch.setattr(face_embeddings, "embed_crops", None)
    again = embed_tracks(filmed, _faces(filmed), NETWORK, InlineEngine())
    assert np.array_equal(first.vectors, again.vectors)


def test_a_track_is_known_by_the_crops_that_are_left(filmed: Dataset, tmp_path: Path) -> None:
    faces = _faces(filmed)
    root = tmp_path / "copy"
    copy = Dataset.create(root, filmed.settings)
    for crop, track in zip(faces["crop"].to_pylist(), faces["track"].to_pylist(), strict=True):
        if track == 0:
            (root / crop).parent.mkdir(parents=True, exist_ok=True)
            (root / crop).write_bytes((filmed.root / crop).read_bytes())
    damaged = faces["crop"][0].as_py()
    (root / damaged).write_bytes(b"no picture")
    everything = embed_tracks(filmed, faces, NETWORK, InlineEngine())
    tracks = embed_tracks(copy, faces, NETWORK, InlineEngine())
    assert np.isnan(tracks.vectors[1]).all()
    assert np.isfinite(tracks.vectors[0]).all()
    assert np.linalg.norm(tracks.vectors[0] - everything.vectors[0]) < 0.2
    problems = {unusable.crop: unusable.problem for unusable in tracks.unusable}
    assert problems[damaged] == "is not the file that was recorded"
    assert len(problems) == 4
    assert people_of(tracks).person.to_pylist().count("") == 4


def test_a_median_leaves_out_what_is_not_finite() -> None:
    vectors = np.array([[1, 1], [3, 5], [9, np.nan], [0, 0], [4, 4], [8, 1], [np.inf, 0]])
    owner = np.array([0, 0, 0, 1, 1, 1, 3])
    found = medians(vectors.astype(np.float32), owner, 4)
    assert found[:2].tolist() == [[2, 3], [4, 1]]
    assert np.isnan(found[2:]).all()

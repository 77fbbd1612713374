import csv
from itertools import combinations
from pathlib import Path

import cv2
import numpy as np
import pyarrow as pa
import pytest

from deepfake_dataset.commands.extract import extract_faces
from deepfake_dataset.dataset.dataset import Dataset
from deepfake_dataset.dataset.decisions import apply_decisions, read_decisions
from deepfake_dataset.dataset.face_table import read_faces
from deepfake_dataset.engine.inline import InlineEngine
from deepfake_dataset.faces.embedding import embed_crop, embed_face
from deepfake_dataset.split.links.must_link import MustLink
from deepfake_dataset.split.similarity.face_embeddings import EmbeddingNetwork
from deepfake_dataset.split.similarity.near_duplicates import find_duplicates
from deepfake_dataset.split.similarity.person_clusters import (
    SAME_PERSON_DISTANCE,
    cluster_embeddings,
    find_people,
)

pytestmark = pytest.mark.slow

NETWORK = EmbeddingNetwork(embed_crop, ["deepfake_dataset.faces.embedding:load_network"])
CLIPS = (
    "fake/icpr2020dfdc__ffpp_NeuralTextures_c23_004_982.mp4",
    "real/icpr2020dfdc__ffpp_youtube_c23_004.mp4",
    "real/LivePortrait__driving_d10.mp4",
    "real/icpr2020dfdc__ffpp_youtube_c23_519.mp4",
)


def test_thirty_people_are_thirty_people(shared_data: Path) -> None:
    folder = shared_data / "landmarks"
    with (folder / "points.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))[:30]
    embeddings = []
    for row in rows:
        points = np.array([[float(row[f"{c}{i}"]) for c in "xy"] for i in range(68)])
        photo = cv2.imread(str(folder / row["image"]), cv2.IMREAD_COLOR_RGB)
        embeddings.append(embed_face(np.asarray(photo, np.uint8), points))
    pairs = combinations(embeddings, 2)
    near = sum(float(np.linalg.norm(one - other)) < SAME_PERSON_DISTANCE for one, other in pairs)
    assert near <= 1
    assert len(np.unique(cluster_embeddings(np.array(embeddings)).of)) >= len(rows) - 1


@pytest.fixture(scope="module")
def extracted(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    root = tmp_path_factory.mktemp("people") / "ds"
    clips = [shared_data / "videos" / clip for clip in CLIPS]
    for clip in clips:
        if not clip.exists():
            pytest.skip(f"{clip.name} is not there")
    extract_faces(clips, root, faces_per_scene=12)
    return Dataset.open(root)


@pytest.fixture(scope="module")
def faces(extracted: Dataset) -> pa.Table:
    return apply_decisions(read_faces(extracted), read_decisions(extracted))


def _linked(faces: pa.Table, links: tuple[MustLink, ...]) -> set[frozenset[str]]:
    ids, paths = faces["video_id"].to_pylist(), faces["video_path"].to_pylist()
    path = {id_: Path(path).stem[-11:] for id_, path in zip(ids, paths, strict=True)}
    return {frozenset((path[link.a], path[link.b])) for link in links}


ORIGINAL_AND_FORGERY = frozenset(("ube_c23_004", "c23_004_982"))


def test_a_forged_video_shows_the_person_of_its_original_and_nobody_else(
    extracted: Dataset, faces: pa.Table
) -> None:
    people = find_people(extracted, faces, NETWORK, InlineEngine())
    assert people.unusable == ()
    assert _linked(faces, people.links) == {ORIGINAL_AND_FORGERY}


def test_a_forged_video_is_a_near_duplicate_of_its_original_and_of_nothing_else(
    extracted: Dataset, faces: pa.Table
) -> None:
    duplicates = find_duplicates(extracted, faces)
    assert duplicates.unusable == ()
    assert _linked(faces, duplicates.links) == {ORIGINAL_AND_FORGERY}

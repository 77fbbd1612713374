import numpy as np
import pytest
from numpy.typing import NDArray

from deepfake_dataset.split.links.must_link import LinkReason
from deepfake_dataset.split.similarity import person_clusters
from deepfake_dataset.split.similarity.face_embeddings import TrackEmbeddings
from deepfake_dataset.split.similarity.person_clusters import (
    SAME_PERSON_DISTANCE,
    cluster_embeddings,
    near_edges,
    people_of,
)

Embeddings = NDArray[np.float32]


def _somewhere(number: int, seed: int = 0) -> Embeddings:
    """Faces of people about 0.8 apart, as the network gives them."""
    return np.random.default_rng(seed).normal(0, 0.05, (number, 128)).astype(np.float32)


def _alike(face: Embeddings, number: int, seed: int = 1) -> Embeddings:
    """Faces of one person, about 0.34 apart."""
    noise = np.random.default_rng(seed).normal(0, 0.021, (number, 128))
    return (face + noise).astype(np.float32)


def _tracks(vectors: Embeddings, video_ids: list[str]) -> TrackEmbeddings:
    numbers = [video_ids[:i].count(v) for i, v in enumerate(video_ids)]
    return TrackEmbeddings(
        tuple(video_ids), np.array(numbers), vectors, np.arange(len(vectors)), ()
    )


def test_tracks_of_one_person_are_together_and_those_of_others_apart() -> None:
    faces = _somewhere(5)
    vectors = np.concatenate([_alike(face, 6, seed) for seed, face in enumerate(faces)])
    clusters = cluster_embeddings(vectors)
    assert clusters.of.tolist() == np.repeat(np.arange(0, 30, 6), 6).tolist()
    assert len(clusters.edges) == 25


def test_every_pair_that_is_near_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(person_clusters, "_QUERIES", 7)
    monkeypatch.setattr(person_clusters, "_PAIRS", 11)
    monkeypatch.setattr(person_clusters, "_MOST_EDGES", 40)
    vectors = np.concatenate([_alike(face, 12, i) for i, face in enumerate(_somewhere(6))])
    found = near_edges(vectors, np.arange(len(vectors)), lambda links: links, threads=3)
    apart = np.linalg.norm(vectors[:, None].astype(float) - vectors, axis=-1)
    assert found.distance.max() < SAME_PERSON_DISTANCE
    joined = cluster_embeddings(vectors).of
    near = apart < SAME_PERSON_DISTANCE
    assert (joined[:, None] == joined)[near].all()
    assert len(found) == len(vectors) - 6


def test_a_chain_of_lookalikes_is_not_followed_to_its_end() -> None:
    steps = np.random.default_rng(2).normal(0, 1, (40, 128))
    steps *= 0.45 / np.linalg.norm(steps, axis=1, keepdims=True)
    chain = steps.cumsum(axis=0).astype(np.float32)
    clusters = cluster_embeddings(chain)
    assert np.bincount(clusters.of).max() <= 4
    assert clusters.refused + len(clusters.edges) == 39


def test_a_stranger_who_is_like_one_track_only_does_not_join_a_person_of_many() -> None:
    person = _alike(_somewhere(1)[0], 20)
    outlier = person[0] + (person[0] - person.mean(axis=0)) * 1.9
    clusters = cluster_embeddings(np.vstack([person, outlier.astype(np.float32)]))
    distance = np.linalg.norm(person - outlier, axis=1)
    assert distance.min() < SAME_PERSON_DISTANCE
    assert clusters.of[20] == 20


def test_vectors_that_are_not_finite_belong_to_nobody() -> None:
    vectors = _alike(_somewhere(1)[0], 4)
    vectors[1, 5] = np.nan
    vectors[2] = np.inf
    assert cluster_embeddings(vectors).of.tolist() == [0, -1, -1, 0]
    assert cluster_embeddings(vectors[1:3]).of.tolist() == [-1, -1]
    assert cluster_embeddings(vectors[:0]).of.tolist() == []


def test_clusters_do_not_depend_on_the_number_of_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(person_clusters, "_QUERIES", 16)
    vectors = np.concatenate([_alike(face, 9, i) for i, face in enumerate(_somewhere(20))])
    one, many = cluster_embeddings(vectors, threads=1), cluster_embeddings(vectors, threads=4)
    assert np.array_equal(one.of, many.of)
    for side, other in zip(one.edges.columns, many.edges.columns, strict=True):
        assert np.array_equal(side, other)


def test_videos_that_show_a_person_are_joined_by_their_nearest_tracks() -> None:
    faces = _somewhere(2)
    vectors = np.vstack([_alike(faces[0], 3), _alike(faces[1], 2), np.full((1, 128), np.nan)])
    tracks = _tracks(vectors.astype(np.float32), ["a", "a", "b", "b", "c", "d"])
    found = people_of(tracks)
    assert found.person.to_pylist() == ["a-0", "a-0", "a-0", "b-1", "b-1", ""]
    assert {(join.a, join.b) for join in found.links} == {("a", "b"), ("b", "c")}
    assert {join.reason for join in found.links} == {LinkReason.PERSON}
    between = np.linalg.norm(vectors[:2] - vectors[2], axis=1).min()
    assert any(f"{between:.3f} apart" in join.detail for join in found.links)


def test_a_link_that_was_cut_is_not_followed_but_the_way_round_is() -> None:
    vectors = _alike(_somewhere(1)[0], 3)
    tracks = _tracks(vectors, ["a", "b", "c"])
    joined = people_of(tracks, cannot_links=[frozenset("ab")])
    assert {(join.a, join.b) for join in joined.links} == {("a", "c"), ("b", "c")}
    parted = people_of(tracks, cannot_links=[frozenset("ab"), frozenset("bc")])
    assert [(join.a, join.b) for join in parted.links] == [("a", "c")]
    assert parted.person.to_pylist() == ["a-0", "b-0", "a-0"]

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray

from deepfake_dataset.split.links.must_link import LinkReason
from deepfake_dataset.split.similarity import near_duplicates
from deepfake_dataset.split.similarity.near_duplicates import (
    DUPLICATE_BITS,
    duplicate_links,
    faces_to_compare,
    near_pairs,
)
from deepfake_dataset.split.similarity.perceptual_hash import mirrored

Hash = NDArray[np.uint8]


def _hashes(number: int, seed: int = 0) -> Hash:
    return np.random.default_rng(seed).integers(0, 256, (number, 32), dtype=np.uint8)


def _changed(hash_: Hash, bits: int) -> Hash:
    flat = np.unpackbits(hash_)
    flat[np.random.default_rng(bits).permutation(256)[:bits]] ^= 1
    return np.packbits(flat)


def _found(one: Hash, other: Hash) -> set[tuple[int, int, int]]:
    return {
        found
        for pairs in near_pairs(one, other)
        for found in zip(pairs.a.tolist(), pairs.b.tolist(), pairs.bits.tolist(), strict=True)
    }


def test_all_pairs_that_are_near_and_no_others_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(near_duplicates, "_AT_ONCE", 3)
    one = _hashes(8)
    changes = (0, 0), (3, DUPLICATE_BITS), (5, DUPLICATE_BITS + 1)
    other = np.array([_changed(one[i], bits) for i, bits in changes])
    assert _found(one, other) == {(0, 0, 0), (3, 1, DUPLICATE_BITS)}


def test_pairs_do_not_depend_on_the_number_of_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(near_duplicates, "_AT_ONCE", 5)
    seeds = _hashes(4)
    hashes = np.array([_changed(seeds[i % 4], i) for i in range(40)])
    one, many = (list(near_pairs(hashes, hashes, threads=threads)) for threads in (1, 3))
    assert len(one) == 16
    for pairs, others in zip(one, many, strict=True):
        assert pairs.a.tolist() == others.a.tolist()
        assert pairs.b.tolist() == others.b.tolist()
        assert pairs.bits.tolist() == others.bits.tolist()


def test_mirrored_pictures_are_near() -> None:
    one = _hashes(3)
    assert _found(one, mirrored(one[[2]])) == {(2, 0, 0)}


def test_pictures_without_a_hash_are_near_nothing() -> None:
    none = np.zeros((4, 32), np.uint8)
    assert _found(none, none) == set()
    faces = _faces(["a", "b"])
    assert duplicate_links(faces, none[:2]) == ()


def _faces(videos: list[str]) -> pa.Table:
    return pa.table(
        {
            "video_id": pa.array(videos),
            "face_id": pa.array([f"{v}-{i}" for i, v in enumerate(videos)]),
            "track": pa.array([0] * len(videos)),
            "frame": pa.array(range(len(videos))),
        }
    )


def test_videos_are_joined_by_their_nearest_pictures_in_a_tree() -> None:
    first = _hashes(1)[0]
    hashes = np.array([_changed(first, 20), first, _changed(first, 10), _hashes(1, 9)[0], first])
    links = duplicate_links(_faces(["a", "a", "b", "c", "d"]), hashes)
    assert [(join.a, join.b, join.reason) for join in links] == [
        ("a", "d", LinkReason.DUPLICATE),
        ("a", "b", LinkReason.DUPLICATE),
    ]
    assert links[0].detail == "faces a-1 and d-4 differ in 0 of 256 bits"


def test_a_join_that_was_cut_is_left_out_before_the_tree_is_made() -> None:
    hashes = np.repeat(_hashes(1), 3, axis=0)
    links = duplicate_links(_faces(["a", "b", "c"]), hashes, cannot_links=[frozenset("ab")])
    assert {(join.a, join.b) for join in links} == {("a", "c"), ("b", "c")}


def test_the_order_of_rows_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(near_duplicates, "_AT_ONCE", 2)
    rng = np.random.default_rng(3)
    seeds = _hashes(3)
    hashes = np.array([_changed(seeds[i % 3], int(rng.integers(0, 30))) for i in range(12)])
    faces = _faces([f"v{i // 2}" for i in range(12)])
    order = rng.permutation(12)
    mixed = duplicate_links(faces.take(pa.array(order)), hashes[order])
    straight = duplicate_links(faces, hashes)
    assert [frozenset((j.a, j.b)) for j in mixed] == [frozenset((j.a, j.b)) for j in straight]


def test_of_a_very_large_set_some_faces_of_every_track_are_compared(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    faces = _faces(["a"] * 40 + ["b"] * 2)
    assert len(faces_to_compare(faces)) == 42
    monkeypatch.setattr(near_duplicates, "_FACES_COMPARED", 10)
    chosen = faces.take(pa.array(faces_to_compare(faces)))["video_id"].to_pylist()
    assert (chosen.count("a"), chosen.count("b")) == (5, 2)

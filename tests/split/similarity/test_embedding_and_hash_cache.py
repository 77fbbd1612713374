import hashlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepfake_dataset.split.similarity.embedding_and_hash_cache import CropVectorCache


def _digest(word: str) -> str:
    return hashlib.sha256(word.encode()).hexdigest()


@pytest.fixture
def cache(tmp_path: Path) -> CropVectorCache:
    return CropVectorCache(tmp_path / ".cache" / "some.sqlite3", 3, np.dtype(np.float32))


def test_what_was_kept_is_found_by_its_digest_in_any_order(cache: CropVectorCache) -> None:
    words = [_digest(str(i)) for i in range(50)]
    rows = np.arange(150, dtype=np.float32).reshape(50, 3)
    cache.add(words[:30], rows[:30])
    cache.add(words[30:], rows[30:])
    asked = [*reversed(words), _digest("another")]
    found, known = cache.look_up(asked, missing=np.nan)
    assert known.tolist() == [True] * 50 + [False]
    assert np.array_equal(found[:50], rows[::-1])
    assert np.isnan(found[50]).all()


@given(st.sets(st.binary(min_size=32, max_size=32), min_size=1, max_size=20))
def test_digests_with_any_bytes_are_told_apart(
    tmp_path_factory: pytest.TempPathFactory, digests: set[bytes]
) -> None:
    path = tmp_path_factory.mktemp("store") / "store.sqlite3"
    cache = CropVectorCache(path, 1, np.dtype(np.uint8))
    words = sorted(digest.hex() for digest in digests)
    rows = np.arange(len(words), dtype=np.uint8)[:, None]
    cache.add(words, rows)
    found, known = cache.look_up(words, missing=0)
    assert known.all()
    assert np.array_equal(found, rows)


def test_a_damaged_store_is_begun_anew(cache: CropVectorCache) -> None:
    cache.add([_digest("a")], np.ones((1, 3), np.float32))
    cache.path.write_bytes(b"no database at all, but long enough to be looked at as one" * 20)
    _, known = cache.look_up([_digest("a")], missing=0)
    assert not known.any()
    cache.add([_digest("a")], np.ones((1, 3), np.float32))
    _, known = cache.look_up([_digest("a")], missing=0)
    assert known.all()


def test_rows_of_another_length_are_not_taken_for_ours(cache: CropVectorCache) -> None:
    other = CropVectorCache(cache.path, 2, cache.dtype)
    other.add([_digest("a")], np.ones((1, 2), np.float32))
    _, known = cache.look_up([_digest("a")], missing=0)
    assert not known.any()


def test_where_nothing_can_be_written_nothing_is_kept(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    cache = CropVectorCache(tmp_path / "file" / "store.sqlite3", 3, np.dtype(np.float32))
    cache.add([_digest("a")], np.ones((1, 3), np.float32))
    _, known = cache.look_up([_digest("a")], missing=0)
    assert not known.any()

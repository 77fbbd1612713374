import numpy as np
import pytest

from deepfake_dataset.dataset.layout import CANNOT_LINKS
from deepfake_dataset.errors import ConflictError, ManifestError, SplitError
from deepfake_dataset.split.links.cannot_link import (
    CannotLinks,
    append_cannot_links,
    parse_cannot_link,
    read_cannot_links,
)
from deepfake_dataset.split.links.spanning_forest import Edges
from deepfake_dataset.split.video_table import videos_of
from deepfake_dataset.storage.memory import MemoryStorage

PAIRS = [frozenset(("id1", "id2")), frozenset(("id2", "id3"))]


@pytest.fixture
def storage():
    return MemoryStorage()


@pytest.fixture
def videos(clip, table):
    return videos_of(table([clip(f"{name}.mp4") for name in "abc"]))


def pair(videos, *paths):
    return frozenset(videos.ids[videos.paths.index(path)] for path in paths)


def test_pairs_are_added_below_a_header(storage):
    append_cannot_links(storage, PAIRS[:1])
    append_cannot_links(storage, PAIRS[1:])
    assert storage.get(CANNOT_LINKS) == b"a,b\nid1,id2\nid2,id3\n"
    append_cannot_links(storage, [])
    assert storage.get(CANNOT_LINKS) == b"a,b\nid1,id2\nid2,id3\n"


@pytest.mark.parametrize(
    ("edited", "then"),
    [
        (b"a,b\nx,y", b"a,b\nx,y\nid1,id2\n"),
        (b"\xef\xbb\xbfa;b\r\nx;y\r\n", b"\xef\xbb\xbfa;b\r\nx;y\r\nid1;id2\n"),
    ],
    ids=["no last line break", "semicolons"],
)
def test_what_a_person_edited_is_kept_and_added_to_as_it_is(storage, edited, then):
    storage.put(CANNOT_LINKS, edited)
    append_cannot_links(storage, PAIRS[:1])
    assert storage.get(CANNOT_LINKS) == then


def test_who_edits_at_the_same_moment_loses_nothing(storage):
    storage.put(CANNOT_LINKS, b"a,b\n")
    storage.fail("put", ConflictError("someone else was first", "again"))
    with pytest.raises(ConflictError):
        append_cannot_links(storage, PAIRS)
    assert storage.get(CANNOT_LINKS) == b"a,b\n"


def test_pairs_are_read_by_id_and_by_path_and_strangers_passed_over(storage, videos):
    assert read_cannot_links(storage, videos) == set()
    a, b = (videos.ids[videos.paths.index(path)] for path in ("a.mp4", "b.mp4"))
    rows = f"b;a\r\n{a};b.mp4\r\nnone.mp4;a.mp4\r\n"
    storage.put(CANNOT_LINKS, rows.encode())
    assert read_cannot_links(storage, videos) == {frozenset((a, b))}


def test_a_file_without_its_columns_is_refused(storage, videos):
    storage.put(CANNOT_LINKS, b"one,two\n")
    with pytest.raises(ManifestError, match="no column a"):
        read_cannot_links(storage, videos)


def test_a_person_names_two_videos(videos):
    assert parse_cannot_link("a.mp4, c.mp4", videos) == pair(videos, "a.mp4", "c.mp4")
    for text in ("a.mp4", "a.mp4,b.mp4,c.mp4", "a.mp4,a.mp4", "a.mp4,none.mp4"):
        with pytest.raises(SplitError):
            parse_cannot_link(text, videos)


def test_edges_between_the_videos_of_a_pair_are_left_out():
    forbidden = CannotLinks.between(["x", "y", "y", "z"], [frozenset("xy"), frozenset("xq")])
    edges = Edges(np.array([0, 0, 1, 0]), np.array([1, 3, 3, 2]), np.zeros(4))
    left = forbidden.allowed(edges)
    assert list(zip(left.a.tolist(), left.b.tolist(), strict=True)) == [(0, 3), (1, 3)]

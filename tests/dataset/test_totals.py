from collections import Counter
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from deepfake_dataset.dataset.catalog.index import Count, VideoSummary, summary_of
from deepfake_dataset.dataset.totals import Cell, totals_of
from deepfake_dataset.records import Cause, Label, Miss, MissReason, Provenance, Status

NUMBERS = st.integers(0, 1000)


def counts(words: type[Cause] | type[MissReason]) -> st.SearchStrategy[tuple[Count, ...]]:
    every = st.dictionaries(st.sampled_from(list(words)), st.integers(1, 1000))
    return every.map(lambda d: tuple(Count(word.value, number) for word, number in d.items()))


BRIEFS = st.lists(
    st.builds(
        VideoSummary,
        video_id=st.just("v"),
        path=st.just("p"),
        provenance=st.sampled_from(Label).map(Provenance),
        settings_key=st.just("k"),
        status=st.sampled_from(Status),
        error=st.sampled_from(["", "crashed", "too-small"]),
        message=st.just(""),
        faces=NUMBERS,
        causes=counts(Cause),
        misses=counts(MissReason),
        frames=NUMBERS,
        frames_corrupt=NUMBERS,
        packets_damaged=NUMBERS,
    )
)


@given(summaries=BRIEFS)
def test_counts_reconcile(summaries):
    totals = totals_of(summaries)
    assert sum(cell.videos for cell in totals.cells) == totals.videos == len(summaries)
    assert sum(cell.faces for cell in totals.cells) == totals.faces
    assert sum(count.number for count in totals.errors) == sum(bool(b.error) for b in summaries)
    for total, parts in ((totals.misses, "misses"), (totals.scenes, "causes")):
        expected = sum(count.number for b in summaries for count in getattr(b, parts))
        assert sum(count.number for count in total) == expected


@given(summaries=BRIEFS)
def test_totals_do_not_depend_on_the_order(summaries):
    assert totals_of(summaries) == totals_of(reversed(summaries))


@given(summaries=BRIEFS)
def test_every_cell_holds_its_own_videos(summaries):
    expected = Counter((b.provenance.label.value, b.status.value) for b in summaries)
    cells = totals_of(summaries).cells
    assert {(cell.label, cell.status): cell.videos for cell in cells} == expected


def test_nothing_gives_nothing():
    totals = totals_of([])
    assert (totals.videos, totals.cells, totals.faces, totals.misses) == (0, (), 0, ())


def test_a_record_is_counted_by_what_is_in_it(record):
    video = record(faces=3)
    misses = (Miss(0, 1, 0.1, MissReason.IMPLAUSIBLE), *video.misses, *video.misses)
    totals = totals_of([summary_of(replace(video, misses=misses))])
    assert totals.cells == (Cell("real", "ok", 1, 3),)
    assert totals.scenes == (Count("light", 1), Count("start", 1))
    assert totals.misses == (Count("implausible", 1), Count("no-face", 2))
    assert (totals.frames, totals.frames_corrupt, totals.packets_damaged) == (100, 1, 2)


def test_a_video_that_was_never_opened_counts_no_frames(record):
    failed = record(
        status=Status.FAILED, error="crashed", stream=None, faces=0, scenes=(), misses=()
    )
    totals = totals_of([summary_of(failed)])
    assert totals.errors == (Count("crashed", 1),)
    assert (totals.frames, totals.faces) == (0, 0)

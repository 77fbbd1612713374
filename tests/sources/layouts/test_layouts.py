"""What every layout must keep to, and how they stand together."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepfake_dataset.records import Label, Provenance
from deepfake_dataset.sources.files import Folder
from deepfake_dataset.sources.layouts import LAYOUTS, provenances

NAMES = ("original_sequences", "youtube", "Face2Face", "Celeb-synthesis", "fake", "videos", "x")


@pytest.mark.parametrize("layout", LAYOUTS)
@given(names=st.lists(st.sampled_from(NAMES), min_size=1), name=st.text(), suffix=st.text())
def test_any_name_has_an_answer(layout, names, name, suffix):
    reader = layout(Folder("/nowhere/" + "/".join(reversed(names)), tuple(names)))
    if reader is None:
        return
    for guess in (name, "000_003" + suffix, "id0_id1_0000" + suffix):
        answer = reader(guess)
        assert answer is None or isinstance(answer, Provenance)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("location", ["/", "/data", "/data/videos/clips"])
def test_a_folder_of_no_layout_is_not_claimed(layout, location):
    assert layout(Folder(location, (location.rpartition("/")[2],))) is None


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_real_video_has_neither_method_nor_donor(layout):
    for kind in ("original", "Celeb-real", "real"):
        reader = layout(Folder(f"/{kind}", (kind,)))
        for name in ("000.mp4", "id0_0000.mp4", "x.mp4"):
            answer = reader(name) if reader else None
            assert answer is None or (answer.label, answer.method, answer.donor) == (
                Label.REAL, "", "",
            )  # fmt: skip


def test_a_name_that_a_layout_does_not_know_is_left_to_the_next():
    class Taken:
        folder = Folder("/v/manipulated_sequences/Deepfakes", ("Deepfakes",))
        name = "mine.mp4"

    assert provenances([Taken]) == [Provenance(Label.FAKE, "Deepfakes")]

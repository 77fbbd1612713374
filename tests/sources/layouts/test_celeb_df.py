import pytest

from deepfake_dataset.records import Label, Provenance
from deepfake_dataset.sources.files import Folder
from deepfake_dataset.sources.layouts import celeb_df


def read(folder, name):
    reader = celeb_df.reader(Folder(folder, (folder.rpartition("/")[2],)))
    return reader(name) if reader else None


@pytest.mark.parametrize("tail", ["", "/videos"])
def test_the_first_person_is_the_target_and_the_second_the_donor(tail):
    fake = read(f"/Celeb-DF-v2/Celeb-synthesis{tail}", "id0_id16_0007.mp4")
    assert fake == Provenance(Label.FAKE, "Celeb-DF", "id0", "id16")
    real = read(f"/Celeb-DF-v2/Celeb-real{tail}", "id0_0007.mp4")
    assert real == Provenance(Label.REAL, target="id0")


@pytest.mark.parametrize("folder", ["YouTube-real", "Youtube-real"])
def test_each_youtube_video_shows_a_person_of_its_own(folder):
    assert read(f"/Celeb-DF/{folder}", "00170.mp4") == Provenance(Label.REAL, target="00170")


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("/Celeb-DF/Celeb-real", "id0_id1_0000.mp4"),
        ("/Celeb-DF/Celeb-synthesis", "id0_0000.mp4"),
        ("/Celeb-DF/YouTube-real", "id0_0000.mp4"),
        ("/Celeb-DF", "id0_id1_0000.mp4"),
    ],
)
def test_other_names_are_left_alone(folder, name):
    assert read(folder, name) is None

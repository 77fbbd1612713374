import pytest

from deepfake_dataset.records import Label, Provenance
from deepfake_dataset.sources.files import Folder
from deepfake_dataset.sources.layouts import faceforensics

ORIGINAL, MANIPULATED = "/ff/original_sequences", "/ff/manipulated_sequences"


def read(folder, name):
    reader = faceforensics.reader(Folder(folder, (folder.rpartition("/")[2],)))
    return reader(name) if reader else None


@pytest.mark.parametrize("compression", ["c0", "c23", "c40", "raw"])
def test_names_are_sequences_and_pairs_of_target_and_donor(compression):
    tail = f"/{compression}/videos"
    assert read(f"{ORIGINAL}/youtube{tail}", "004.mp4") == Provenance(Label.REAL, target="004")
    actors = read(f"{ORIGINAL}/actors{tail}", "01__outside_talking_still_laughing.mp4")
    assert actors == Provenance(Label.REAL, target="01")
    pair = read(f"{MANIPULATED}/DeepFakeDetection{tail}", "01_02__outside_talking__YVGY8LOK.mp4")
    assert pair == Provenance(Label.FAKE, "DeepFakeDetection", "01", "02")


@pytest.mark.parametrize(
    "method", ["Deepfakes", "Face2Face", "FaceSwap", "NeuralTextures", "FaceShifter"]
)
def test_every_method_is_known(method):
    expected = Provenance(Label.FAKE, method, "004", "982")
    assert read(f"{MANIPULATED}/{method}/c23/videos", "004_982.mp4") == expected
    assert read(f"/flat/{method}", "004_982.mp4") == expected


def test_the_tree_is_known_from_any_folder_in_it():
    assert read("/x/Deepfakes/c23/videos", "000_003.mp4").donor == "003"


def test_a_flat_copy_beside_its_originals_is_read():
    assert read("/flat/original", "000.mp4") == Provenance(Label.REAL, target="000")


def test_masks_are_neither_real_nor_fake():
    assert read(f"{MANIPULATED}/Deepfakes/masks/videos", "000_003.mp4") == Provenance()


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        (f"{ORIGINAL}/youtube/c23/videos", "my holiday.mp4"),
        (f"{ORIGINAL}/youtube/c23/videos", "0004.mp4"),
        (f"{ORIGINAL}/youtube/c23/videos", "٠٠٤.mp4"),
        (f"{MANIPULATED}/Deepfakes/c23/videos", "000.mp4"),
        (f"{MANIPULATED}/Other/c23/videos", "000_003.mp4"),
        ("/my/youtube", "004.mp4"),
        ("/my/masks", "000_003.mp4"),
    ],
)
def test_other_names_are_left_alone(folder, name):
    assert read(folder, name) is None

import pytest

from deepfake_dataset.records import Label, Provenance
from deepfake_dataset.sources.files import Folder
from deepfake_dataset.sources.layouts import folder_names


def read(*names):
    """Read a file's provenance, its folders named from the outermost to the nearest."""
    reader = folder_names.reader(Folder("/fake/" + "/".join(names), names[::-1]))
    return reader("fake.mp4") if reader else Provenance()


@pytest.mark.parametrize(
    "name",
    ["real", "REAL", "original", "pristine", "authentic", "genuine", "YouTube-real",
     "real videos", "original_sequences"],
)  # fmt: skip
def test_folders_that_say_real(name):
    assert read(name) == Provenance(Label.REAL)


@pytest.mark.parametrize(
    "name",
    ["fake", "Forged", "deepfake", "manipulated_sequences", "Celeb-synthesis", "fake_c23"],
)  # fmt: skip
def test_folders_that_say_fake(name):
    assert read(name) == Provenance(Label.FAKE)


@pytest.mark.parametrize(
    ("name", "method"),
    [
        ("deepfakes", "Deepfakes"),
        ("Face2Face", "Face2Face"),
        ("faceswap_c40", "FaceSwap"),
        ("NEURALTEXTURES", "NeuralTextures"),
        ("FaceShifter", "FaceShifter"),
    ],
)
def test_a_folder_that_names_a_method_says_fake(name, method):
    assert read(name) == Provenance(Label.FAKE, method)


@pytest.mark.parametrize(
    "name",
    ["videos", "", "real_vs_fake", "real-and-deepfakes", "not_real", "non-fake", "unreal",
     "realistic", "fakery", "deepfake-dataset", "Deepfakes Dataset", "deepfake_detection",
     "DeepFakeDetection", "unknown", "reality"],
)  # fmt: skip
def test_folders_that_say_nothing(name):
    assert read(name) == Provenance()


def test_the_nearest_folder_that_says_something_counts():
    assert read("fake", "real", "person 1").label is Label.REAL
    assert read("real", "real_vs_fake", "forged").label is Label.FAKE


def test_the_method_may_stand_further_out_than_the_label():
    assert read("FaceSwap", "fake", "a") == Provenance(Label.FAKE, "FaceSwap")
    assert read("FaceSwap", "real", "a") == Provenance(Label.REAL)


def test_neither_the_file_nor_folders_above_the_named_one_count():
    assert read("clips", "a") == Provenance()

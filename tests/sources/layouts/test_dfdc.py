import json

import pytest

from deepfake_dataset.errors import LabelsError
from deepfake_dataset.records import Label, Provenance
from deepfake_dataset.sources.files import Folder
from deepfake_dataset.sources.layouts import dfdc


@pytest.fixture
def reader(tmp_path):
    def make(metadata):
        text = metadata if isinstance(metadata, str) else json.dumps(metadata)
        (tmp_path / "metadata.json").write_text(text, encoding="utf-8")
        return dfdc.reader(Folder(str(tmp_path), (tmp_path.name,)))

    return make


def test_a_fake_and_its_original_have_the_same_target(reader):
    read = reader(
        {
            "aagfhgtpmv.mp4": {"label": "FAKE", "split": "train", "original": "vudstovrck.mp4"},
            "vudstovrck.mp4": {"label": "REAL", "split": "train", "original": None},
            "abarnvbtwb.mp4": {"label": "REAL", "split": "train"},
        }
    )
    assert read("aagfhgtpmv.mp4") == Provenance(Label.FAKE, target="vudstovrck")
    assert read("vudstovrck.mp4") == Provenance(Label.REAL, target="vudstovrck")
    assert read("abarnvbtwb.mp4") == Provenance(Label.REAL, target="abarnvbtwb")


def test_a_fake_without_an_original_has_no_target(reader):
    assert reader({"a.mp4": {"label": "FAKE"}})("a.mp4") == Provenance(Label.FAKE)


def test_a_video_that_is_not_in_the_file_is_left_alone(reader):
    assert reader({"a.mp4": {"label": "REAL"}})("b.mp4") is None


@pytest.mark.parametrize("metadata", [{}, [], 3, {"fps": 30}, {"a.mp4": {"fps": 30}}])
def test_metadata_of_something_else_is_left_alone(metadata, reader):
    assert reader(metadata) is None


@pytest.mark.parametrize(
    ("metadata", "problem"),
    [
        ('{"a.mp4": {"label": "RE', "Unterminated string"),
        ("", "Expecting value"),
        ("[" * 100_000, "recursion"),
        ({"a.mp4": {"label": "REAL"}, "b.mp4": {"label": "MAYBE"}}, "b.mp4 has the label 'MAYBE'"),
        ({"a.mp4": {"label": "REAL"}, "b.mp4": 3}, "b.mp4 has the label None"),
        ({"a.mp4": {"label": ["FAKE"]}}, "a.mp4 has the label"),
        ({"a.mp4": {"label": "FAKE", "original": 3}}, "the original of a.mp4 is 3"),
    ],
)
def test_damaged_metadata_is_an_error_that_names_the_file(metadata, problem, reader, tmp_path):
    with pytest.raises(LabelsError, match=r"metadata\.json cannot be read") as caught:
        reader(metadata)
    assert str(tmp_path) in str(caught.value)
    assert problem in str(caught.value)


def test_bytes_that_are_not_utf8_are_an_error(tmp_path):
    (tmp_path / "metadata.json").write_bytes(b'{"caf\xe9.mp4": {"label": "REAL"}}')
    with pytest.raises(LabelsError):
        dfdc.reader(Folder(str(tmp_path), ("x",)))


def test_names_that_utf8_cannot_hold_are_escaped(reader):
    read = reader('{"a.mp4": {"label": "FAKE", "original": "\\ud800.mp4"}}')
    assert read("a.mp4").target.encode() == b"\\ud800"

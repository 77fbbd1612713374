from dataclasses import replace

import dlib
import pytest

from deepfake_dataset.demo import photos
from deepfake_dataset.demo.photo_landmarks import find_photo_landmarks
from deepfake_dataset.demo.photos import HOPPER, PEOPLE, Photo, load_photo
from deepfake_dataset.errors import UsageError
from deepfake_dataset.records import Box

each_person = pytest.mark.parametrize("photo", PEOPLE, ids=lambda photo: photo.person)


@each_person
def test_a_photograph_shows_a_face_where_it_says(photo: Photo) -> None:
    found = dlib.get_frontal_face_detector()(load_photo(photo), 1)
    boxes = [Box(r.left(), r.top(), r.right(), r.bottom()) for r in found]
    assert max(box.overlap(photo.face) for box in boxes) > 0.8


@each_person
def test_landmarks_lie_on_the_face(photo: Photo) -> None:
    points = find_photo_landmarks(load_photo(photo), photo.face)
    assert points.shape == (68, 2)
    eyes, mouth = points[36:48].mean(axis=0), points[48:68].mean(axis=0)
    assert photo.face.top < eyes[1] < mouth[1] < photo.face.bottom


@each_person
def test_a_photograph_names_its_source_and_licence(photo: Photo) -> None:
    assert photo.source
    assert photo.licence


def test_people_are_different_ones() -> None:
    assert len({photo.person for photo in PEOPLE}) == len(PEOPLE) >= 3


def test_a_missing_package_is_an_error_that_tells_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(photos, "find_spec", lambda name: None)
    with pytest.raises(UsageError, match="matplotlib") as caught:
        load_photo(HOPPER)
    assert caught.value.hint == "pip install 'deepfake-dataset[demo]'"


def test_a_package_stripped_of_its_pictures_is_the_same_error() -> None:
    with pytest.raises(UsageError, match="not there"):
        load_photo(replace(HOPPER, file="mpl-data/sample_data/no_such.jpg"))


def test_another_picture_than_the_licensed_one_is_refused() -> None:
    with pytest.raises(UsageError, match=r"another mpl-data/sample_data/logo2\.png"):
        load_photo(replace(HOPPER, file="mpl-data/sample_data/logo2.png"))

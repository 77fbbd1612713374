import numpy as np
import pyarrow as pa
import pytest

from deepfake_dataset.dataset.manifest import SCHEMA
from deepfake_dataset.split.audit.manifest_or_image_folder import AuditedSide, ImageMeasures
from deepfake_dataset.split.audit.non_pixel_features import (
    NEEDED_COLUMNS,
    face_features,
    feature_matrix,
    manifest_features,
)
from deepfake_dataset.split.similarity.perceptual_hash import NO_HASH


def test_faces_have_their_place_their_bits_and_their_number() -> None:
    words = {name: ["x", "x", "y"] for name in ("frame_type", "codec", "container")}
    values = {name: [1.0, 1.0, 1.0] for name in NEEDED_COLUMNS}
    values |= words | {"video_id": ["a", "a", "b"], "width": [640] * 3, "height": [360] * 3}
    values |= {"center_x": [320.0, 160.0, 0.0], "center_y": [90.0, 180.0, 360.0]}
    values |= {"fps": [25.0] * 3, "bit_rate": [640 * 360 * 25 * 2] * 3}
    values |= {"time_s": [1.0, 2.0, 0.0], "duration_s": [4.0] * 3}
    found = face_features(pa.table(values)).to_pydict()
    assert found["center_x_share"] == [0.5, 0.25, 0]
    assert found["center_y_share"] == [0.25, 0.5, 1]
    assert found["time_share"] == [0.25, 0.5, 0]
    assert found["bits_a_pixel"] == [2, 2, 2]
    assert found["faces_in_video"] == [2, 2, 1]


def test_a_manifest_says_what_it_can_and_its_images_the_rest() -> None:
    rows = {"path": ["a.PNG", "b.jpg"], "codec": ["h264", None]}
    columns = [rows.get(name, [None, None]) for name in SCHEMA.names]
    side = AuditedSide("train", "train.csv", pa.table(columns, schema=SCHEMA), None)
    measures = [ImageMeasures("", NO_HASH, 10, 20, 300, 4.0, 5.0), None]
    found = manifest_features(side, measures).to_pydict()
    assert (found["format"], found["codec"]) == (["PNG", "jpg"], ["h264", None])
    assert (found["width"], found["size_bytes"]) == ([10, None], [300, None])
    assert found["faces_in_video"] == [None, None]


def test_words_become_numbers_the_most_frequent_first() -> None:
    table = pa.table({"codec": ["b", "a", "b", None], "fps": [1, None, 3, 4]})
    numbers, words = feature_matrix(table)
    assert words == [True, False]
    assert numbers[:, 0].tolist() == [0, 1, 0, 254]
    assert numbers[[0, 2, 3], 1].tolist() == [1, 3, 4]
    assert np.isnan(numbers[1, 1])


@pytest.mark.parametrize("kinds", [300])
def test_of_very_many_words_the_rarest_are_one(kinds: int) -> None:
    words = [str(i) for i in range(kinds) for _ in range(2 if i < 200 else 1)]
    numbers, _ = feature_matrix(pa.table({"codec": words}))
    assert numbers.max() == 253
    assert len(np.unique(numbers)) == 254

import re

import pyarrow as pa

from deepfake_dataset.dataset import layout
from deepfake_dataset.storage.keys import checked

ID = "0123456789abcdef"


def names() -> dict[str, str]:
    found = {name: value for name, value in vars(layout).items() if name.isupper()}
    return {name: value for name, value in found.items() if isinstance(value, str)}


def test_what_lies_where_is_what_datasets_have_had():
    assert layout.SETTINGS == "dsbuild.toml"
    assert layout.record_key(ID) == f"videos/{ID}.parquet"
    assert layout.crop_key(ID, f"{ID}-000007-0") == f"faces/{ID}/{ID}-000007-0.png"
    assert layout.fixed_crop_key(ID, "f", "abcdef0123") == f"review/crops/{ID}/f-abcdef01.png"
    assert layout.QUEUE == "review/queue.csv"
    assert layout.DECISIONS == "review/decisions.csv"
    assert layout.CANNOT_LINKS == "review/cuts.csv"
    assert [layout.manifest_key(side) for side in layout.SIDES] == [
        "manifests/train.csv",
        "manifests/test.csv",
        "manifests/val.csv",
    ]
    assert layout.SPLIT_RECORD == "manifests/split.json"
    assert layout.AUDIT == "manifests/audit.json"
    assert layout.OVERVIEW == "reports/overview.png"
    assert layout.SHORTCUT_PLOT == "reports/shortcut.png"
    assert layout.sheet_key(ID) == f"reports/{ID}.png"
    assert layout.RUN_LOG == "logs/run.log"


def test_each_name_stands_once_and_can_be_a_key():
    values = list(names().values())
    assert len(set(values)) == len(values)
    for value in values:
        if not value.startswith("."):
            assert checked(value.rstrip("/"))


def test_a_record_is_known_by_its_key_and_other_things_are_none():
    for video_id in (ID, f"unreadable-{ID}"):
        assert layout.recorded_video(layout.record_key(video_id)) == video_id
    assert layout.recorded_video("videos/README") is None


def test_keys_of_many_crops_are_those_of_each():
    ids = pa.chunked_array([["b", ID], [ID]])
    faces = pa.chunked_array([["f", "g"], ["ä"]])
    keys = layout.crop_keys(ids, faces).to_pylist()
    pairs = zip(ids.to_pylist(), faces.to_pylist(), strict=True)
    assert keys == [layout.crop_key(*pair) for pair in pairs]


def test_manifests_are_known_by_their_keys():
    assert all(layout.is_manifest(layout.manifest_key(side)) for side in layout.SIDES)
    for key in (layout.SPLIT_RECORD, layout.DECISIONS, "manifests/old/train.csv", "train.csv"):
        assert not layout.is_manifest(key)


def test_crops_lie_below_their_videos_prefix():
    assert layout.crop_key(ID, "f").startswith(layout.crops_prefix(ID))
    assert layout.is_video_id(ID)
    assert not any(map(layout.is_video_id, ("README", ID[1:], ID + "0", ID.upper())))
    assert re.fullmatch(r"faces/[0-9a-f]{16}/", layout.crops_prefix(ID))

import numpy as np
import pyarrow as pa
import pytest

from deepfake_dataset.dataset.manifest import SCHEMA
from deepfake_dataset.errors import LeakError
from deepfake_dataset.split.audit.leak_checks import Leakage, LeakCheck, LeakKind, find_leaks
from deepfake_dataset.split.audit.manifest_or_image_folder import AuditedSide

ROOT = "/data"


def _side(name: str, *rows: dict[str, object], root: str | None = ROOT) -> AuditedSide:
    columns = [[row.get(f.name) for row in rows] for f in SCHEMA]
    return AuditedSide(name, f"{ROOT}/{name}.csv", pa.table(columns, schema=SCHEMA), root)


def _row(number: int, **known: object) -> dict[str, object]:
    """A row that shares nothing with one of another number."""
    hash_ = np.random.default_rng(number).bytes(32).hex()
    texts = {name: f"{name} {number}" for name in ("path", "video_id", "group_id", "sha256")}
    names = {"target": f"t{number}", "donor": f"d{number}", "person": f"p{number}"}
    return {"label": "real", "phash": hash_, **texts, **names, **known}


def _found(leakage: Leakage) -> dict[LeakKind, LeakCheck]:
    return {check.kind: check for check in leakage.checks if check.crossings}


def test_sides_that_share_nothing_are_clean_and_all_was_checked() -> None:
    sides = [_side("train", _row(1), _row(2)), _side("test", _row(3)), _side("val", _row(4))]
    leakage = find_leaks(sides)
    assert [check.kind for check in leakage.checks] == list(LeakKind)
    assert all(check.unchecked == "" for check in leakage.checks)
    assert [check.compared for check in leakage.checks] == [4] * len(LeakKind)
    assert leakage.crossings == 0
    leakage.refuse()


@pytest.mark.parametrize(
    ("column", "kind"),
    [
        ("path", LeakKind.FILE),
        ("sha256", LeakKind.CROP),
        ("video_id", LeakKind.VIDEO),
        ("group_id", LeakKind.GROUP),
        ("person", LeakKind.PERSON),
        ("target", LeakKind.NAME),
        ("phash", LeakKind.DUPLICATE),
    ],
)
def test_whatever_two_rows_share_is_found_and_both_are_named(column: str, kind: LeakKind) -> None:
    shared = _row(9)[column]
    train = _side("train", _row(1), _row(2, **{column: shared}))
    test = _side("test", _row(3, **{column: shared}), _row(4))
    leakage = find_leaks([train, test])
    (check,) = _found(leakage).values()
    assert (check.kind, check.crossings) == (kind, 1)
    (crossing,) = check.shown
    assert crossing.one == f"/data/train.csv, row 3: {train.rows['path'][1]}"
    assert crossing.other == f"/data/test.csv, row 2: {test.rows['path'][0]}"
    with pytest.raises(LeakError) as caught:
        leakage.refuse()
    assert crossing.one in str(caught.value)
    assert crossing.other in str(caught.value)


def test_a_donor_on_one_side_may_not_be_a_target_on_the_other() -> None:
    train = _side("train", _row(1, donor="Zoë "))
    test = _side("test", _row(2, target="ZOE\u0308"))
    (check,) = _found(find_leaks([train, test])).values()
    assert (check.kind, check.shown[0].what) == (LeakKind.NAME, "zoë")


def test_names_that_are_positions_cross_freely() -> None:
    sides = [_side("train", _row(1, target="Cam1")), _side("test", _row(2, target="cam1"))]
    assert find_leaks(sides, positions=["CAM*"]).crossings == 0
    assert find_leaks(sides, positions=["left"]).crossings == 1


def test_any_two_of_three_sides_are_compared() -> None:
    shared = {"video_id": "v"}
    sides = [
        _side("train", _row(1)),
        _side("test", _row(2, **shared)),
        _side("val", _row(3, **shared)),
    ]
    (check,) = _found(find_leaks(sides)).values()
    assert check.shown[0].one.startswith("/data/test.csv")
    assert check.shown[0].other.startswith("/data/val.csv")


def test_near_duplicates_are_counted_by_video_and_the_nearest_rows_named() -> None:
    hash_ = np.random.default_rng(0).bytes(31).hex()
    train = _side(
        "train", _row(1, phash=hash_ + "ff"), _row(2, phash=hash_ + "00", video_id="video_id 1")
    )
    test = _side("test", _row(3, phash=hash_ + "01"))
    (check,) = _found(find_leaks([train, test])).values()
    assert check.crossings == 1
    assert check.shown[0].what == "1 of 256 bits differ"
    assert "row 3" in check.shown[0].one


def test_a_near_duplicate_that_a_person_cut_does_not_cross() -> None:
    sides = [_side("train", _row(1, phash="ab" * 32)), _side("test", _row(2, phash="ab" * 32))]
    assert find_leaks(sides).crossings == 1
    assert find_leaks(sides, cannot_links=[frozenset(("video_id 1", "video_id 2"))]).crossings == 0


def test_what_other_peoples_manifests_do_not_say_is_told_as_not_checked() -> None:
    train = _side("train", {"path": "a.png", "label": "real"}, root=None)
    test = _side("test", {"path": "a.png", "label": "fake"}, root=None)
    leakage = find_leaks([train, test])
    assert leakage.crossings == 0
    assert all(check.unchecked for check in leakage.checks)


def test_a_column_that_one_side_lacks_is_not_checked_there_but_between_the_others() -> None:
    bare = dict.fromkeys(("video_id", "group_id", "person", "target", "donor"))
    sides = [_side("train", _row(1)), _side("test", _row(2)), _side("val", _row(3, **bare))]
    checks = {check.kind: check for check in find_leaks(sides).checks}
    assert checks[LeakKind.VIDEO].unchecked == ""
    assert checks[LeakKind.VIDEO].compared == 2


def test_of_very_many_crossings_all_are_counted_and_a_few_shown() -> None:
    rows = [_row(i) for i in range(30)]
    leakage = find_leaks([_side("train", *rows), _side("test", *rows)])
    video = _found(leakage)[LeakKind.VIDEO]
    assert video.crossings == 30
    assert len(video.shown) == 20
    with pytest.raises(LeakError, match="27 more of this kind"):
        leakage.refuse()

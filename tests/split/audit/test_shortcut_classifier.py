import json

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from deepfake_dataset.dataset.schema import from_row, to_row
from deepfake_dataset.split.audit.audit_record import Audit, audit_as_json
from deepfake_dataset.split.audit.leak_checks import Leakage
from deepfake_dataset.split.audit.shortcut_classifier import (
    Shortcut,
    ShortcutVerdict,
    _weighted_auc,
    find_shortcut,
)
from deepfake_dataset.split.audit.shortcut_plot import draw_shortcut

pytestmark = pytest.mark.slow

FACES = 6


def _found(groups: int, traits: dict[str, NDArray[np.generic] | list[object]]) -> Shortcut:
    """Of as many groups of a real and a fake video each."""
    fake = _fake(groups)
    group = [f"g{i // (2 * FACES)}" for i in range(len(fake))]
    video = [f"v{i // FACES}" for i in range(len(fake))]
    return find_shortcut(
        pa.table(traits), fake, pa.array(group, pa.string()), pa.array(video, pa.string())
    )


def _fake(groups: int) -> NDArray[np.bool_]:
    return np.tile(np.repeat([False, True], FACES), groups)


def _noise(groups: int, seed: int) -> NDArray[np.float64]:
    return np.random.default_rng(seed).normal(size=2 * FACES * groups)


def test_a_trait_that_tells_the_classes_apart_is_found_and_named() -> None:
    fake = _fake(30)
    native = np.where(fake, 180, 220) + 15 * _noise(30, 0)
    found = _found(30, {"native_px": native, "fps": 25 + _noise(30, 1)})
    assert found.auc is not None
    assert found.low is not None
    assert found.auc > 0.85
    assert found.low > 0.6
    assert found.verdict is ShortcutVerdict.SHORTCUT
    assert found.worst_features == ("native_px",)
    assert found.traits[0].name == "native_px"
    assert found.traits[0].drop > 0.2
    assert abs(found.traits[1].drop) < 0.1


def test_a_word_can_be_a_shortcut_too() -> None:
    codec = np.where(_fake(20), "hevc", "h264")
    found = _found(20, {"codec": pa.array(codec), "score": _noise(20, 2)})
    assert found.auc == 1
    assert found.worst_features == ("codec",)


def test_chance_is_not_taken_for_a_shortcut() -> None:
    found = _found(60, {f"trait {i}": _noise(60, i) for i in range(6)})
    assert found.auc is not None
    assert found.auc < 0.6
    assert found.verdict is ShortcutVerdict.FINE


def test_what_tells_groups_apart_but_not_classes_is_no_shortcut() -> None:
    each = np.repeat(_noise(40, 5)[:40], 2 * FACES)
    found = _found(40, {"native_px": each})
    assert found.auc == pytest.approx(0.5, abs=0.1)


def test_few_groups_are_told_to_be_few_even_where_they_differ() -> None:
    fake = _fake(4)
    found = _found(4, {"native_px": fake * 100 + _noise(4, 0)})
    assert found.verdict is ShortcutVerdict.FEW
    assert (found.groups_real, found.groups_fake) == (4, 4)


@pytest.mark.parametrize("groups", [0, 1])
def test_without_a_second_group_nothing_can_be_asked(groups: int) -> None:
    found = _found(groups, {"native_px": _noise(groups, 0)})
    assert (found.auc, found.low, found.high, found.traits) == (None, None, None, ())
    assert found.verdict is ShortcutVerdict.FEW


def test_traits_that_are_missing_or_constant_are_no_matter() -> None:
    faces = len(_fake(12))
    some = _noise(12, 0)
    some[::3] = np.nan
    nothing = pa.array([None] * faces, pa.float64())
    words = pa.array(["a", None] * (faces // 2))
    found = _found(12, {"some": some, "none": nothing, "words": words, "same": np.ones(faces)})
    assert found.auc is not None
    assert {trait.name for trait in found.traits} == {"some", "words"}
    assert _found(12, {"none": nothing}).auc == 0.5


def test_that_a_trait_is_missing_may_itself_be_the_shortcut() -> None:
    fake = _fake(12)
    found = _found(12, {"time_s": np.where(fake, np.nan, 1.0)})
    assert found.auc == 1


def test_a_video_of_many_faces_weighs_no_more_than_one_of_few() -> None:
    fake = _fake(30)
    native = np.where(fake, 180, 220) + 15 * _noise(30, 0)
    group = np.arange(len(fake)) // (2 * FACES)
    video = np.arange(len(fake)) // FACES
    rows = np.concatenate([np.arange(len(fake)), np.repeat(np.arange(FACES), 200)])
    few, many = (
        find_shortcut(
            pa.table({"n": native[which]}),
            fake[which],
            pa.array(group[which]),
            pa.array(video[which]),
        )
        for which in (np.arange(len(fake)), rows)
    )
    assert few.auc is not None
    assert many.auc == pytest.approx(few.auc, abs=0.05)


def test_the_same_rows_give_the_same_answer() -> None:
    traits = {f"trait {i}": _noise(15, i) for i in range(3)}
    assert _found(15, dict(traits)) == _found(15, dict(traits))


def test_an_audit_is_written_and_drawn_the_same_every_time() -> None:
    found = _found(15, {"native_px": _noise(15, 0) + _fake(15), "fps": _noise(15, 1)})
    audit = Audit(
        Leakage((), ()), found, Shortcut(0, 0, 0, None, None, None, (), ShortcutVerdict.FEW)
    )
    assert from_row(Audit, to_row(audit)) == audit
    assert audit_as_json(audit) == audit_as_json(audit)
    assert from_row(Audit, json.loads(audit_as_json(audit))) == audit
    assert draw_shortcut(audit) == draw_shortcut(audit)
    assert draw_shortcut(audit).startswith(b"\x89PNG")


@given(
    st.lists(
        st.tuples(st.integers(0, 4), st.booleans(), st.integers(1, 9)), min_size=2, max_size=30
    ).filter(lambda rows: len({fake for _, fake, _ in rows}) == 2)
)
def test_the_auc_is_scikit_learns(rows: list[tuple[int, bool, int]]) -> None:
    told, fake, weight = (np.array(column) for column in zip(*rows, strict=True))
    expected = roc_auc_score(fake, told, sample_weight=weight)
    assert _weighted_auc(told, fake, weight) == pytest.approx(expected)

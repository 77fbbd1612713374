"""Reasons that other packages add by the entry points ``deepfake_dataset.reasons``."""

import sys
from dataclasses import replace
from importlib.metadata import EntryPoint, EntryPoints

import numpy as np
import pytest

from deepfake_dataset import plugins
from deepfake_dataset.errors import PluginError
from deepfake_dataset.review import suspicion_score_cache
from deepfake_dataset.review.queue_csv import describe_reasons
from deepfake_dataset.review.queue_order import order_by_suspicion
from deepfake_dataset.review.reasons import BUILT_IN, all_reasons
from deepfake_dataset.review.suspicion_score import score_faces

from .faults import ODD, Faces

CACHES = (
    plugins.plugin_names,
    plugins.load_plugin,
    all_reasons,
    suspicion_score_cache._code_hash,
)
MODULE = """
from deepfake_dataset.review.reasons.base import Reason

def _strengths(features):
    return 1.0 * (features.recorded("brightness") < 20)

DARK = Reason("dark", "too dark to see", 0.4, _strengths)
"""


@pytest.fixture
def install(monkeypatch, tmp_path):
    """Let a package be found that adds a module's object; gives the module's file."""

    def clear():
        for cached in CACHES:
            cached.cache_clear()

    def run(value="lab_reasons:DARK", source=MODULE):
        sys.modules.pop("lab_reasons", None)
        (tmp_path / "lab_reasons.py").write_text(source)
        point = EntryPoint("dark", value, plugins.REASONS)
        monkeypatch.setattr(
            plugins, "entry_points", lambda **wanted: EntryPoints([point]).select(**wanted)
        )
        clear()

    monkeypatch.syspath_prepend(tmp_path)
    yield run
    monkeypatch.undo()
    sys.modules.pop("lab_reasons", None)
    clear()


@pytest.fixture
def features():
    faces = Faces.calm()
    faces.columns["brightness"] = np.full(len(faces.columns["face_id"]), 120.0)
    return faces.spoil(brightness=5.0).features


def test_a_reason_of_another_package_is_named_and_counts(install, features):
    install()
    assert [reason.name for reason in all_reasons()] == [*(r.name for r in BUILT_IN), "dark"]
    scores = score_faces(features)
    assert scores.suspicion[ODD] == pytest.approx(0.4, abs=0.01)
    ordered = order_by_suspicion(features.faces, scores)
    assert ordered["reasons"][0].as_py() == ["dark"]
    assert describe_reasons(["dark"]) == "too dark to see"


def test_scores_are_made_anew_with_another_plug_in_or_another_code_of_it(install):
    hashes = [suspicion_score_cache._code_hash()]
    for source in (MODULE, MODULE.replace("< 20", "< 30")):
        install(source=source)
        hashes.append(suspicion_score_cache._code_hash())
    assert len(set(hashes)) == 3


def test_what_is_no_reason_is_refused(install):
    install("lab_reasons:_strengths")
    with pytest.raises(PluginError, match=r"dark of deepfake_dataset\.reasons is .* not a Reason"):
        all_reasons()


def test_a_name_that_is_taken_is_refused(install):
    install(source=MODULE.replace('"dark"', '"blurred"'))
    with pytest.raises(PluginError, match="two reasons to look at a face are called blurred"):
        all_reasons()


def test_more_reasons_than_the_page_can_show_are_refused(install, monkeypatch):
    many = tuple(replace(BUILT_IN[0], name=str(number)) for number in range(32))
    monkeypatch.setattr("deepfake_dataset.review.reasons.BUILT_IN", many)
    install()
    with pytest.raises(PluginError, match="33 reasons"):
        all_reasons()

import pickle
import re

import pytest

from deepfake_dataset import errors
from deepfake_dataset.errors import VIDEO_ERRORS, DsbuildError, VideoError


def below(kind: type) -> set[type]:
    return {kind}.union(*(below(child) for child in kind.__subclasses__()))


COMMAND_ERRORS = sorted(below(DsbuildError), key=lambda kind: kind.__name__)
EVERY_VIDEO_ERROR = sorted(below(VideoError), key=lambda kind: kind.__name__)


@pytest.mark.parametrize("kind", EVERY_VIDEO_ERROR)
def test_a_video_error_has_a_code_of_its_own_that_leads_back_to_it(kind):
    assert re.fullmatch("[a-z]+(-[a-z]+)*", kind.code)
    assert VIDEO_ERRORS[kind.code] is kind


@pytest.mark.parametrize("kind", EVERY_VIDEO_ERROR)
def test_a_video_error_has_a_hint(kind):
    assert kind.hint
    assert not kind.hint.endswith(".")


def test_only_settings_refuse_a_video():
    refused = {kind.code for kind in EVERY_VIDEO_ERROR if kind.refused}
    assert refused == {"too-small", "too-short"}


@pytest.mark.parametrize("kind", COMMAND_ERRORS)
def test_a_command_error_survives_a_process_boundary_with_its_hint(kind):
    copy = pickle.loads(pickle.dumps(kind("what and where", "what to do")))
    assert (type(copy), str(copy), copy.hint) == (kind, "what and where", "what to do")


@pytest.mark.parametrize("kind", EVERY_VIDEO_ERROR)
def test_a_video_error_survives_a_process_boundary(kind):
    copy = pickle.loads(pickle.dumps(kind("what")))
    assert (type(copy), str(copy)) == (kind, "what")


@pytest.mark.parametrize("kind", COMMAND_ERRORS)
def test_exit_codes_are_the_documented_ones(kind):
    assert kind.exit_code == (75 if kind is errors.DatasetBusyError else 1)


@pytest.mark.parametrize("kind", COMMAND_ERRORS + EVERY_VIDEO_ERROR)
def test_the_tree_at_the_head_of_the_file_has_every_error(kind):
    assert re.search(rf"\b{kind.__name__}\b", errors.__doc__ or "")

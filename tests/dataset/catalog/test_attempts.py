import shutil
import time

import pytest

from deepfake_dataset.dataset.catalog.attempts import TRIES, WAITS_S, FailedAttempts
from deepfake_dataset.dataset.catalog.index import summary_of
from deepfake_dataset.records import Status


@pytest.fixture
def failed(record):
    return summary_of(record(faces=0, status=Status.FAILED, error="crashed", message="signal 11"))


@pytest.fixture
def clock(monkeypatch):
    """A clock to be set: clock[0] is now."""
    now = [1_000_000.0]
    monkeypatch.setattr(time, "time", lambda: now[0])
    return now


def test_a_failed_video_waits_longer_each_time_and_then_is_given_up(dataset, failed, clock):
    for wait in WAITS_S:
        FailedAttempts(dataset).note(failed)
        clock[0] += wait - 1
        assert not FailedAttempts(dataset).is_due(failed)
        clock[0] += 1
        assert FailedAttempts(dataset).is_due(failed)
    log = FailedAttempts(dataset)
    assert log.number_given_up([failed]) == 0
    log.note(failed)
    clock[0] += 1e9
    assert not FailedAttempts(dataset).is_due(failed)
    assert FailedAttempts(dataset).number_given_up([failed]) == 1


def test_there_are_three_runs(dataset, failed, clock):
    runs = 0
    for _ in range(100):
        log = FailedAttempts(dataset)
        if log.is_due(failed):
            runs += 1
            log.note(failed)
        clock[0] += 3600
    assert runs == TRIES == 3


def test_a_clock_that_was_set_back_holds_up_nothing(dataset, failed, clock):
    log = FailedAttempts(dataset)
    log.note(failed)
    clock[0] -= 365 * 86400
    assert log.is_due(failed)


def test_a_clock_that_jumps_ahead_costs_no_more_than_the_wait(dataset, failed, clock):
    log = FailedAttempts(dataset)
    clock[0] += 365 * 86400
    log.note(failed)
    clock[0] -= 365 * 86400
    assert log.is_due(failed)


def test_a_video_that_failed_and_was_never_counted_is_due(dataset, failed):
    assert FailedAttempts(dataset).is_due(failed)


def test_a_video_that_is_well_or_refused_is_not_due(dataset, record):
    log = FailedAttempts(dataset)
    for status in (Status.OK, Status.REFUSED):
        brief = summary_of(record(status=status))
        assert not log.is_due(brief)
        log.note(brief)
        assert log.of(brief) is None


def test_success_ends_the_count(dataset, failed, record):
    log = FailedAttempts(dataset)
    for _ in range(TRIES):
        log.note(failed)
    log.note(summary_of(record()))
    assert FailedAttempts(dataset).is_due(failed)


def test_other_settings_begin_a_new_count(dataset, failed, record):
    log = FailedAttempts(dataset)
    for _ in range(TRIES):
        log.note(failed)
    other = summary_of(record(status=Status.FAILED, settings_key="another", faces=0))
    assert log.of(other) is None
    log.note(other)
    assert log.of(other).failed == 1


def test_deleting_the_cache_changes_nothing_and_deleting_the_state_begins_anew(dataset, failed):
    log = FailedAttempts(dataset)
    for _ in range(TRIES):
        log.note(failed)
    shutil.rmtree(dataset.cache_folder, ignore_errors=True)
    assert not FailedAttempts(dataset).is_due(failed)
    shutil.rmtree(dataset.root / "state")
    assert FailedAttempts(dataset).is_due(failed)

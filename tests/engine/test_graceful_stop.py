import signal
import threading

import pytest

from deepfake_dataset.engine.graceful_stop import ending_when_asked

FOREVER_S = 600.0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_being_asked_once_is_told_and_nothing_else_happens(number):
    with ending_when_asked(FOREVER_S) as asked:
        assert not asked()
        signal.raise_signal(number)
        assert asked()


def test_being_asked_twice_is_an_interrupt():
    with ending_when_asked(FOREVER_S):
        signal.raise_signal(signal.SIGTERM)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGTERM)


def test_when_the_grace_is_over_it_is_an_interrupt():
    def be_asked_and_hang() -> None:
        signal.raise_signal(signal.SIGTERM)
        threading.Event().wait(60)

    with ending_when_asked(0), pytest.raises(KeyboardInterrupt):
        be_asked_and_hang()


def test_in_the_background_of_a_script_only_being_asked_twice_is_an_interrupt():
    """There a shell has Ctrl-C ignored."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with ending_when_asked(FOREVER_S) as asked:
            signal.raise_signal(signal.SIGINT)
            assert not asked()
            signal.raise_signal(signal.SIGTERM)
            with pytest.raises(KeyboardInterrupt):
                signal.raise_signal(signal.SIGTERM)
        assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_afterwards_everything_is_as_it_was():
    numbers = (signal.SIGTERM, signal.SIGHUP, signal.SIGALRM)
    before = [signal.getsignal(number) for number in numbers]
    with ending_when_asked(FOREVER_S):
        signal.raise_signal(signal.SIGTERM)
    assert [signal.getsignal(number) for number in numbers] == before
    assert signal.getitimer(signal.ITIMER_REAL)[0] == 0


def test_another_thread_is_never_asked():
    asked: list[bool] = []

    def work() -> None:
        with ending_when_asked(FOREVER_S) as stopped:
            asked.append(stopped())

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert asked == [False]

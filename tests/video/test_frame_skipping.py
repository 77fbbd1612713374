from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepfake_dataset.video.frame_skipping import FrameNeeds, PacketInfo, mark_skippable

KEPT, EDGE, LONGEST = 100, 12, 512
BASE_S = 0.04
NEED = FrameNeeds(KEPT, 0.168)


def coded(frames: int, disposable: int = 1) -> list[PacketInfo]:
    """A quiet film at 25 a second: a keyframe, then so many frames for show before each other."""
    infos = [PacketInfo(0, 5000, is_key=True, is_disposable=False)]
    while len(infos) < frames:
        last = infos[-1].pts if len(infos) == 1 else infos[-1 - disposable].pts
        assert last is not None
        infos.append(PacketInfo(last + disposable + 1, 300, is_key=False, is_disposable=False))
        infos += [
            PacketInfo(last + n + 1, 60, is_key=False, is_disposable=True)
            for n in range(disposable)
        ]
    return infos


def skippable(
    infos: Sequence[PacketInfo], need: FrameNeeds = NEED, base_s: float = BASE_S
) -> list[int]:
    """Timestamps of what is spared, in order."""
    judged = mark_skippable([(info, info) for info in infos], need, base_s)
    return sorted(
        info.pts for info, is_skippable in judged if is_skippable and info.pts is not None
    )


def test_a_short_film_is_decoded_whole() -> None:
    assert skippable(coded(KEPT - 1)) == []


def test_in_a_long_one_frames_for_show_are_spared() -> None:
    film = coded(191)
    assert skippable(film) == list(range(1, len(film) - 1, 2))


@pytest.mark.parametrize("disposable", [1, 2, 3])
def test_the_first_and_the_last_frame_are_decoded(disposable: int) -> None:
    film = [replace(info, is_disposable=True) for info in coded(241, disposable)]
    gone = skippable(film)
    assert gone
    assert gone[0] > 0
    assert gone[-1] < len(film) - 1


@pytest.mark.parametrize(("frames", "stride"), [(121, 2), (259, 4), (451, 8)])
def test_frames_that_would_be_kept_are_decoded(frames: int, stride: int) -> None:
    film = coded(frames, disposable=2)
    gone = skippable(film)
    assert gone
    assert all(number % stride for number in gone)


def test_of_two_frames_side_by_side_one_is_decoded() -> None:
    gone = skippable(coded(261, disposable=3))
    assert gone
    assert all(later - earlier > 1 for earlier, later in pairwise(gone))


@pytest.mark.parametrize("disposable", [1, 2, 3])
def test_of_a_long_film_the_same_frames_are_kept_from_its_start_to_its_end(disposable: int) -> None:
    gone = skippable(coded(3 * LONGEST, disposable))
    assert gone
    assert max(gone) > 2 * LONGEST
    assert all(number % 8 for number in gone)


def test_more_frames_wanted_more_are_decoded() -> None:
    film = coded(191)
    assert skippable(film, FrameNeeds(200, 0.168)) == []
    assert skippable(film, FrameNeeds(50, 0.168)) == skippable(film)


@pytest.mark.parametrize("at", [100, 150])
def test_about_a_packet_larger_than_those_before_it_every_frame_is_decoded(at: int) -> None:
    film = coded(391)
    place = next(n for n, info in enumerate(film) if info.pts == at)
    film[place] = replace(film[place], size=film[place].size * 19 // 10)
    assert {at - 1, at + 1} <= set(skippable(film))
    film[place] = replace(film[place], size=film[place].size * 11 // 10)
    gone = skippable(film)
    assert gone
    assert all(not at - EDGE < number < at + EDGE - 1 for number in gone)


def test_a_new_picture_before_the_frames_for_show_about_it_is_known_in_time() -> None:
    film = coded(301, disposable=3)
    place = next(n for n, info in enumerate(film) if info.pts == 152)
    film[place] = replace(film[place], size=9000)
    assert not {149, 150, 151, 153} & set(skippable(film))


@pytest.mark.parametrize(("keys", "are_new"), [([150], True), ([100, 200, 300], False)])
def test_keyframes_that_come_when_they_are_due_are_no_news(keys: list[int], are_new: bool) -> None:
    film = coded(391)
    for place, info in enumerate(film):
        if info.pts in keys:
            film[place] = replace(info, size=5000, is_key=True)
    last = keys[-1]
    assert ({last - 1, last + 1} & set(skippable(film)) == set()) is are_new


@pytest.mark.parametrize("broken", ["missing", "twice", "far off", "none at all"])
def test_where_timestamps_cannot_be_relied_on_nothing_is_spared(broken: str) -> None:
    film = coded(191)
    stamps: dict[str, int | None] = {"missing": None, "twice": 64, "far off": 5000}
    if broken == "none at all":
        film = [replace(info, pts=None) for info in film]
    else:
        film[65] = replace(film[65], pts=stamps[broken])
    gone = skippable(film)
    assert len(gone) < 40
    assert not {63, 64, 65, 66} & set(gone)


def test_where_recordings_are_joined_and_count_anew_every_frame_is_decoded() -> None:
    first = coded(301)
    packets = list(enumerate(first + coded(2001)))
    gone = [
        number for number, is_skippable in mark_skippable(packets, NEED, BASE_S) if is_skippable
    ]
    assert gone
    assert all(abs(number - len(first)) > EDGE for number in gone)


@pytest.mark.parametrize("base_s", [0.09, 0.2])
def test_at_low_rates_nothing_is_spared(base_s: float) -> None:
    assert skippable(coded(191), base_s=base_s) == []


def test_large_packets_wait_in_bounded_memory() -> None:
    taken: list[PacketInfo] = []

    def read() -> Iterator[tuple[PacketInfo, PacketInfo]]:
        for info in coded(301):
            taken.append(replace(info, size=1_000_000))
            yield taken[-1], taken[-1]

    next(mark_skippable(read(), NEED, BASE_S))
    assert len(taken) < 40


@given(
    st.lists(
        st.builds(
            PacketInfo,
            pts=st.none() | st.integers(0, 400),
            size=st.integers(1, 2000),
            is_key=st.booleans(),
            is_disposable=st.booleans(),
        ),
        max_size=300,
    )
)
def test_whatever_packets_say_each_comes_out_in_its_turn(infos: list[PacketInfo]) -> None:
    judged = list(
        mark_skippable([(n, info) for n, info in enumerate(infos)], FrameNeeds(5, 1.0), 0.001)
    )
    assert [number for number, _ in judged] == list(range(len(infos)))
    assert all(infos[number].is_disposable for number, is_skippable in judged if is_skippable)

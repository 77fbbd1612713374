from dataclasses import dataclass
from itertools import pairwise
from typing import cast

from hypothesis import given
from hypothesis import strategies as st

from deepfake_dataset.shots.sampling import evenly_spaced, pick_spread
from deepfake_dataset.video.frame import Frame


@dataclass(frozen=True)
class Shot:
    index: int
    nbytes: int = 1

    @property
    def time_s(self) -> float:
        return self.index / 25


@given(count=st.integers(0, 500), wanted=st.integers(1, 100))
def test_evenly_gives_the_count_asked_for_first_and_last_among_them(
    count: int, wanted: int
) -> None:
    taken = evenly_spaced(count, wanted)
    assert len(taken) == min(count, wanted)
    assert all(earlier < later for earlier, later in pairwise(taken))
    assert all(0 <= position < count for position in taken)
    if len(taken) > 1:
        assert (taken[0], taken[-1]) == (0, count - 1)
        gaps = [later - earlier for earlier, later in pairwise(taken)]
        assert max(gaps) - min(gaps) <= 1


@given(
    old=st.integers(0, 40),
    stride=st.integers(2, 40),
    new=st.integers(1, 100),
    wanted=st.integers(1, 60),
)
def test_spread_evens_out_what_is_held_unevenly(
    old: int, stride: int, new: int, wanted: int
) -> None:
    """First at a stride, from before the scene was known to have begun, then every frame."""
    held = [Shot(i * stride) for i in range(old)]
    held += [Shot(old * stride + i) for i in range(new)]
    taken = pick_spread(cast(list[Frame], held), wanted)
    assert len(taken) == min(len(held), wanted)
    assert taken == sorted(set(taken))
    if len(taken) > 1:
        assert (taken[0], taken[-1]) == (0, len(held) - 1)
        reach = max(stride, (held[-1].index - held[0].index) / (len(taken) - 1)) * 2
        gaps = [held[b].index - held[a].index for a, b in pairwise(taken)]
        assert max(gaps) <= reach + 1


def test_one_out_of_many_is_the_middle() -> None:
    assert evenly_spaced(101, 1) == [50]

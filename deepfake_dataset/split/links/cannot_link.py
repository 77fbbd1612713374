"""Links that a person has cut: two videos that are not the same, whatever they look like."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from deepfake_dataset.split.links.spanning_forest import Links

Pairs = Collection[frozenset[str]]
"""Two video ids each."""


@dataclass(frozen=True, slots=True, eq=False)
class Cuts:
    """Which links between some nodes are cut."""

    video: NDArray[np.int64]
    """A number for the video of each node."""
    _codes: NDArray[np.int64]

    @classmethod
    def between(cls, video_ids: Sequence[str], pairs: Pairs) -> Self:
        """For nodes of these videos."""
        number = {video_id: i for i, video_id in enumerate(dict.fromkeys(video_ids))}
        known = [sorted(number[id_] for id_ in pair) for pair in pairs if pair <= number.keys()]
        codes = [(two[0] << 32) + two[-1] for two in known]
        video = np.array([number[video_id] for video_id in video_ids], np.int64)
        return cls(video, np.array(codes, np.int64))

    def spare(self, links: Links) -> Links:
        """The links that are not cut."""
        if not len(self._codes):
            return links
        a, b = self.video[links.a], self.video[links.b]
        codes = (np.minimum(a, b) << 32) + np.maximum(a, b)
        return links.take(np.flatnonzero(~np.isin(codes, self._codes)))

"""Finds faces of other people within a track, where their looks give a reason to ask."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

STRANGERS = 0.25
"""Distance in shape and colour from which a face may be another person's than the rest of its
track (benchmarks/review_planted_faults.py prints what pairs of crops come to)."""
SAME_PERSON = 0.6
"""Distance of embeddings up to which they are one person's, by dlib's own measure."""
_ASKED = 4
"""Stretches of a track that are asked about, those most apart first: an embedding costs as
much as 30 other looks."""


@dataclass(frozen=True)
class TrackIdentities:
    """The faces of one video, and what can tell who they show."""

    embed: Callable[[int], NDArray[np.float32]]
    """Of the face in a row."""
    _known: dict[int, NDArray[np.float32]] = field(default_factory=dict)

    def strangers(
        self,
        tracks: Sequence[NDArray[np.int64]],
        apart: NDArray[np.float64],
        *,
        one_person: bool,
    ) -> NDArray[np.float64]:
        """How far every face is from the person that it should show, over what parts people.

        ``tracks`` are rows by time, ``apart`` each face's distance to the middle of its track.
        Within a track those stretches are asked about that look like strangers, each by the
        face that does least: a head turned away is far from itself seen from the front, while
        a stranger is one in every face. Where all tracks should show ``one_person``, the one
        of the longest track, each is asked about by its most usual face.
        """
        strangers = np.zeros(len(apart))
        usual = [int(rows[apart[rows].argmin()]) for rows in tracks]
        longest = max(range(len(tracks)), key=lambda i: len(tracks[i]), default=0)
        for rows, middle in zip(tracks, usual, strict=True):
            if one_person:
                strangers[rows] = self._apart(middle, usual[longest])
            for stretch in _far_runs(rows, apart):
                strange = self._apart(int(stretch[apart[stretch].argmin()]), middle)
                strangers[stretch] = np.maximum(strangers[stretch], strange)
        return strangers

    def _apart(self, one: int, other: int) -> float:
        if one == other:
            return 0.0
        return float(np.linalg.norm(self._embedded(one) - self._embedded(other))) / SAME_PERSON

    def _embedded(self, row: int) -> NDArray[np.float32]:
        if row not in self._known:
            self._known[row] = self.embed(row)
        return self._known[row]


def _far_runs(rows: NDArray[np.int64], apart: NDArray[np.float64]) -> Iterator[NDArray[np.int64]]:
    """Faces in a row that are far from their track's middle, the farthest first; not all."""
    far = apart[rows] >= STRANGERS
    pieces = np.split(rows, np.flatnonzero(np.diff(far)) + 1)
    strange = [piece for piece in pieces if apart[piece[0]] >= STRANGERS]
    yield from sorted(strange, key=lambda piece: -float(apart[piece].max()))[:_ASKED]

"""Finds faces of another person within a track, or in a video that should show one person.

Embeddings are costly, so they are computed only of faces that look unlike the rest of their
track.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

OTHER_PERSON_DISTANCE = 0.25
"""Distance in shape and colour from which a face may be another person's than the rest of its
track (benchmarks/review_planted_faults.py prints what pairs of crops come to)."""
_SAME_PERSON_DISTANCE = 0.6
"""Distance of embeddings up to which they are one person's, by dlib's own measure."""
_MOST_RUNS = 4
"""Runs of a track that are embedded, those most unlike it first: an embedding costs as much as
30 other measurements."""


@dataclass(frozen=True)
class PersonComparison:
    """Tells how far the faces of one video are from the person that they should show."""

    embed: Callable[[int], NDArray[np.float32]]
    """Of the face in a row."""
    _known: dict[int, NDArray[np.float32]] = field(default_factory=dict)

    def distances(
        self,
        tracks: Sequence[NDArray[np.int64]],
        to_track: NDArray[np.float64],
        *,
        one_person: bool,
    ) -> NDArray[np.float64]:
        """For every face, over the distance that parts two people; 0 where it was not embedded.

        ``tracks`` are rows by time, ``to_track`` each face's distance to its track in shape and
        colour. Within a track, runs of faces that are far from it are embedded, each by the
        face that is least so: a head turned away is far from itself seen from the front, while
        another person is far in every face. Where all tracks should show ``one_person``, the one
        of the longest track, each is embedded by its most usual face.
        """
        distances = np.zeros(len(to_track))
        usual = [int(rows[to_track[rows].argmin()]) for rows in tracks]
        longest = max(range(len(tracks)), key=lambda i: len(tracks[i]), default=0)
        for rows, middle in zip(tracks, usual, strict=True):
            if one_person:
                distances[rows] = self._between(middle, usual[longest])
            for run in _far_runs(rows, to_track):
                distance = self._between(int(run[to_track[run].argmin()]), middle)
                distances[run] = np.maximum(distances[run], distance)
        return distances

    def _between(self, one: int, other: int) -> float:
        if one == other:
            return 0.0
        apart = self._embedding(one).astype(np.float64) - self._embedding(other)
        return float(np.sqrt((apart * apart).sum())) / _SAME_PERSON_DISTANCE  # no BLAS

    def _embedding(self, row: int) -> NDArray[np.float32]:
        if row not in self._known:
            self._known[row] = self.embed(row)
        return self._known[row]


def _far_runs(
    rows: NDArray[np.int64], to_track: NDArray[np.float64]
) -> Iterator[NDArray[np.int64]]:
    """Faces in a row that are far from their track, the farthest run first; not all."""
    far = to_track[rows] >= OTHER_PERSON_DISTANCE
    runs = np.split(rows, np.flatnonzero(np.diff(far)) + 1)
    far_runs = [run for run in runs if to_track[run[0]] >= OTHER_PERSON_DISTANCE]
    yield from sorted(far_runs, key=lambda run: -float(to_track[run].max()))[:_MOST_RUNS]

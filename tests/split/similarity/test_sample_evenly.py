import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from deepfake_dataset.split.similarity.sample_evenly import sample_tracks, track_codes


def _faces(tracks: list[tuple[str, int, int]]) -> pa.Table:
    """Of each video and track so many faces, one a frame, then mixed."""
    rows = [(video, track, frame) for video, track, n in tracks for frame in range(n)]
    order = np.random.default_rng(0).permutation(len(rows))
    video, track, frame = zip(*(rows[i] for i in order), strict=True)
    return pa.table({"video_id": pa.array(video), "track": track, "frame": frame})


@given(st.lists(st.integers(1, 60), min_size=1, max_size=6), st.integers(1, 50))
def test_every_track_gives_as_many_faces_as_it_has_evenly(sizes: list[int], most: int) -> None:
    faces = _faces([(f"v{i // 2}", i % 2, size) for i, size in enumerate(sizes)])
    chosen = faces.take(pa.array(sample_tracks(faces, most)))
    keys = list(zip(chosen["video_id"].to_pylist(), chosen["track"].to_pylist(), strict=True))
    assert keys == sorted(keys)
    for i, size in enumerate(sizes):
        key = f"v{i // 2}", i % 2
        frames = [f for f, k in zip(chosen["frame"].to_pylist(), keys, strict=True) if k == key]
        assert len(frames) == min(most, size)
        gaps = np.diff([-1, *frames, size])
        assert frames == sorted(frames)
        assert gaps[1:-1].max(initial=0) <= -(-size // len(frames))


def test_codes_rise_with_video_and_track_whatever_the_order_of_rows() -> None:
    faces = _faces([("b", 0, 3), ("a", 7, 2), ("a", 1, 2)])
    keys = zip(faces["video_id"].to_pylist(), faces["track"].to_pylist(), strict=True)
    by_code = sorted(set(zip(track_codes(faces).tolist(), keys, strict=True)))
    assert [key for _, key in by_code] == [("a", 1), ("a", 7), ("b", 0)]

import hashlib
from pathlib import Path

import cv2
import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from deepfake_dataset.split.similarity.read_crop import (
    UnusableCrop,
    read_crop,
    sample_tracks,
    track_codes,
)


def test_a_crop_is_read_as_rgb(tmp_path: Path) -> None:
    red = np.zeros((8, 8, 3), np.uint8)
    red[..., 0] = 200
    cv2.imwrite(str(tmp_path / "a.png"), red[..., ::-1])
    digest = hashlib.sha256((tmp_path / "a.png").read_bytes()).hexdigest()
    image = read_crop(tmp_path, "a.png", digest)
    assert isinstance(image, np.ndarray)
    assert np.array_equal(image, red)


def test_a_crop_that_is_gone_changed_or_no_picture_is_named_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "text.png").write_text("no picture")
    digest = hashlib.sha256(b"no picture").hexdigest()
    gone = read_crop(tmp_path, "gone.png", digest)
    assert gone == UnusableCrop("gone.png", "No such file or directory")
    changed = read_crop(tmp_path, "text.png", "ab" * 32)
    assert changed == UnusableCrop("text.png", "is not the file that was recorded")
    assert read_crop(tmp_path, "text.png", digest) == UnusableCrop("text.png", "is no picture")


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

import pyarrow as pa
import pytest

from deepfake_dataset.review.web.original_pairs import OriginalPairs


def table(*videos: tuple[str, str, str, float], times: tuple[float, ...] = (0.0, 1.0)) -> pa.Table:
    """Of videos by (path, label, target, duration), the path being the id."""
    return pa.Table.from_pylist(
        [
            {
                "video_id": path,
                "video_path": path,
                "label": label,
                "target": target,
                "duration_s": duration,
                "time_s": time,
            }
            for path, label, target, duration in videos
            for time in times
        ]
    )


def test_a_forgery_stands_beside_the_original_of_its_target() -> None:
    faces = table(
        ("f/a.mp4", "fake", "ann", 5), ("r/b.mp4", "real", "bob", 5), ("r/a.mp4", "real", "ann", 9)
    )
    pairs = OriginalPairs(faces)
    assert pairs.original_of("f/a.mp4") == "r/a.mp4"
    assert pairs.face_of_original(1) == 5


@pytest.mark.parametrize(
    ("others", "chosen"),
    [
        ([("r/x-2.mp4", 5), ("r/x-1.mp4", 9)], "r/x-1.mp4"),
        ([("r/y.mp4", 9), ("r/z.mp4", 5.2)], "r/z.mp4"),
    ],
)
def test_of_several_originals_the_name_then_the_duration_tells(
    others: list[tuple[str, float]], chosen: str
) -> None:
    reals = [(path, "real", "ann", duration) for path, duration in others]
    pairs = OriginalPairs(table(("f/x-1-swap.mp4", "fake", "ann", 5.0), *reals))
    assert pairs.original_of("f/x-1-swap.mp4") == chosen


@pytest.mark.parametrize("label", ["real", "unknown"])
def test_what_is_not_forged_has_no_original(label: str) -> None:
    assert (
        OriginalPairs(table(("a", label, "ann", 5), ("b", "real", "ann", 5))).original_of("a")
        is None
    )


def test_a_target_that_is_not_known_has_no_original() -> None:
    assert OriginalPairs(table(("a", "fake", "", 5), ("b", "real", "", 5))).original_of("a") is None


def test_another_moment_is_not_shown_beside() -> None:
    forged = table(("a", "fake", "ann", 5), times=(3.0,))
    original = table(("b", "real", "ann", 5), times=(1.0, 2.4, 3.6))
    assert OriginalPairs(pa.concat_tables([forged, original])).face_of_original(0) is None
    near = table(("b", "real", "ann", 5), times=(1.0, 2.6, 3.3))
    assert OriginalPairs(pa.concat_tables([forged, near])).face_of_original(0) == 3

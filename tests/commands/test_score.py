"""``dsbuild score`` on images, manifests, datasets and videos."""

import csv
import io
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import keras
import numpy as np
import pytest
from PIL import Image

from deepfake_dataset.baseline.models import build_model
from deepfake_dataset.baseline.scoring.calibration import Calibration
from deepfake_dataset.commands.score import score
from deepfake_dataset.dataset.dataset import Dataset
from deepfake_dataset.errors import ImagesError, ModelError
from deepfake_dataset.settings import Settings
from deepfake_dataset.storage.cache_folder import CACHE_VARIABLE

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    keras.utils.set_random_seed(7)
    file = tmp_path_factory.mktemp("model") / "bare.weights.h5"
    build_model("notebook").save_weights(file)
    return file


@pytest.fixture
def images(tmp_path: Path) -> Path:
    folder = tmp_path / "images"
    rng = np.random.default_rng(0)
    for name in ("real/a.png", "real/b.png", "fake/c.png", "clip/d.png", "clip/=e.png"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(folder / name), rng.integers(0, 255, (64, 64, 3), dtype=np.uint8))
    return folder


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_images_give_a_row_each_on_stdout(
    weights: Path, images: Path, dsbuild: Callable[..., Any]
) -> None:
    ran = dsbuild("score", weights, images)
    assert ran.code == 0
    rows = rows_of(ran.out)
    assert [row["label"] for row in rows] == ["unknown", "unknown", "fake", "real", "real"]
    assert all(0 <= float(row["p_real"]) <= 1 for row in rows)
    assert "5 faces of 4 videos" in ran.err


def test_json_holds_what_the_csv_holds_and_how_good_it_is(
    weights: Path, images: Path, dsbuild: Callable[..., Any]
) -> None:
    said = dsbuild("score", weights, images, "--json").json
    assert len(said["faces"]) == 5
    assert {video["video"] for video in said["videos"]} >= {"clip", "real/a.png"}
    assert said["per_face"]["rows"] == 3
    assert said["temperature"] == 1.0


def test_a_folder_for_output_gets_both_tables(weights: Path, images: Path, tmp_path: Path) -> None:
    scored = score(weights, images, output=tmp_path / "out")
    faces = rows_of((tmp_path / "out" / "faces.csv").read_text())
    videos = rows_of((tmp_path / "out" / "videos.csv").read_text())
    assert (len(faces), len(videos)) == (len(scored.faces), len(scored.videos)) == (5, 4)
    (clip,) = [video for video in videos if video["video"] == "clip"]
    of_clip = [float(face["p_real"]) for face in faces if face["video"] == "clip"]
    assert float(clip["p_real"]) == pytest.approx(np.mean(of_clip), abs=1e-5)


def test_a_manifest_gives_its_rows_in_its_order(weights: Path, images: Path) -> None:
    (images / "m.csv").write_text("path,label\nreal/b.png,real\nfake/c.png,fake\n")
    scored = score(weights, images / "m.csv")
    assert [face.path for face in scored.faces] == ["real/b.png", "fake/c.png"]
    assert scored.per_face is not None
    assert scored.per_face.auc.value in (0, 1)


def test_the_threshold_decides_what_a_video_is_called(weights: Path, images: Path) -> None:
    assert {video.called for video in score(weights, images, threshold=0).videos} == {"real"}
    assert {video.called for video in score(weights, images, threshold=1).videos} == {"fake"}


def test_the_runs_temperature_is_applied(weights: Path, images: Path) -> None:
    raw = [face.p_real for face in score(weights, images).faces]
    beside = weights.with_name("calibration.json")
    beside.write_text('{"temperature": 4.0, "faces": 9, "loss_before": 1.0, "loss_after": 0.5}')
    try:
        hot = score(weights, images)
    finally:
        beside.unlink()
    assert [face.p_real for face in hot.faces] == pytest.approx(
        Calibration(4.0).apply(raw).tolist()
    )


def test_videos_are_extracted_scored_and_drawn(
    weights: Path, face_video: Path, tmp_path: Path, in_process: list[str]
) -> None:
    videos = tmp_path / "videos"
    (videos / "real").mkdir(parents=True)
    (videos / "real" / "face.mp4").symlink_to(face_video)
    (videos / "bad.mp4").write_text("nonsense")
    scored = score(weights, videos, output=tmp_path / "out", workers=1)
    bad, good = scored.videos
    assert (bad.error, bad.p_real) == ("not-a-video", None)
    assert (good.video, good.label, good.faces) == ("real/face.mp4", "real", len(scored.faces))
    assert {face.path for face in scored.faces} == {"real/face.mp4"}
    assert {face.scene for face in scored.faces} == {0, 1}
    assert good.p_real == pytest.approx(np.mean([face.p_real for face in scored.faces]))
    with Image.open(tmp_path / "out" / "timelines" / "real" / "face.mp4.png") as picture:
        assert picture.width > 1000
    assert not (tmp_path / "out" / "timelines" / "bad.mp4.png").exists()


def test_scoring_a_video_leaves_nothing_behind(
    weights: Path, face_video: Path, tmp_path: Path, in_process: list[str], monkeypatch: Any
) -> None:
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    score(weights, face_video, workers=1)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_videos_are_extracted_as_the_models_own_dataset_does_it_but_none_is_refused(
    weights: Path, face_video: Path, tmp_path: Path, in_process: list[str]
) -> None:
    settings = Settings().override(faces_per_scene=4, min_width=9999, min_duration_s=600.0)
    Dataset.create(tmp_path / "ds", settings)
    run = tmp_path / "ds" / "models" / "a" / weights.name
    run.parent.mkdir(parents=True)
    run.write_bytes(weights.read_bytes())
    scored = score(run, face_video, workers=1)
    assert [video.error for video in scored.videos] == [""]
    assert [face.scene for face in scored.faces] == [0] * 4 + [1] * 4


def test_a_video_that_fails_is_exit_code_2(
    weights: Path, tmp_path: Path, in_process: list[str], dsbuild: Callable[..., Any]
) -> None:
    (tmp_path / "bad.mp4").write_text("nonsense")
    ran = dsbuild("score", weights, tmp_path / "bad.mp4")
    assert ran.code == 2
    (row,) = rows_of(ran.out)
    assert (row["video"], row["error"], row["p_real"]) == ("bad.mp4", "not-a-video", "")


def test_two_videos_of_one_path_are_told_apart(
    weights: Path, dataset: Dataset, record: Callable[..., Any]
) -> None:
    for video_id in ("0" * 16, "1" * 16):
        video = record(video_id, path="same.mp4", faces=1)
        with dataset.staging() as staged:
            for face in video.faces:
                cv2.imwrite(
                    str(staged.folder / f"{face.face_id}.png"), np.zeros((32, 32, 3), np.uint8)
                )
            dataset.commit(video, staged)
    scored = score(weights, dataset.root)
    assert [video.video for video in scored.videos] == [
        f"same.mp4 {'0' * 16}",
        f"same.mp4 {'1' * 16}",
    ]


def test_cells_that_a_spreadsheet_would_run_are_neutral(
    weights: Path, tmp_path: Path, images: Path
) -> None:
    (images / "clip" / "=e.png").rename(images / "=e.png")
    score(weights, images, output=tmp_path / "out")
    assert "\n'=e.png," in (tmp_path / "out" / "faces.csv").read_text()


def test_what_is_missing_is_named_before_anything_is_done(
    weights: Path, images: Path, tmp_path: Path
) -> None:
    with pytest.raises(ImagesError, match="nothing"):
        score(weights, tmp_path / "nothing")
    with pytest.raises(ModelError, match=r"no\.keras"):
        score(tmp_path / "no.keras", images)


def test_a_damaged_image_among_few_is_an_error_that_names_it(weights: Path, images: Path) -> None:
    (images / "real" / "a.png").write_bytes(b"no png")
    with pytest.raises(ImagesError, match=r"real/a\.png"):
        score(weights, images)

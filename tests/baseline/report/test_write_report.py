"""The report holds every figure, and the page all that it shows."""

import json
import re
from collections.abc import Sequence
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers
from numpy.typing import NDArray

from deepfake_dataset.baseline.report.report_json import (
    BaselineReport,
    TrainingSummary,
)
from deepfake_dataset.baseline.report.write_report import write_report
from deepfake_dataset.baseline.scoring.calibration import Calibration
from deepfake_dataset.baseline.scoring.predictions import Predictions
from deepfake_dataset.baseline.training.run_folder import RunFolder
from deepfake_dataset.dataset import layout
from deepfake_dataset.dataset.schema import from_row

pytestmark = pytest.mark.slow

ABOUT = TrainingSummary("best", "meso4", 28073, "best", 0, 100, 20, 60, "dsbuild train-baseline")
CALIBRATION = Calibration(2.0, faces=20, groups=4, loss_before=0.5, loss_after=0.4)
SECTIONS = [
    "Scores",
    "Confusion",
    "Training",
    "Curves",
    "By method, resolution and codec",
    "Faces",
    "Inside the model",
]


def predictions(rows: int = 60) -> Predictions:
    rng = np.random.default_rng(0)
    label = np.arange(rows) % 2
    return Predictions.of(
        label,
        np.clip(rng.normal(0.3 + 0.4 * label, 0.2), 0.01, 0.99),
        path=[f"faces/{n}.png" for n in range(rows)],
        video=np.arange(rows) % 12,
        method=np.where(label == 1, "", "swap"),
        resolution=np.where(np.arange(rows) % 4 < 2, "q1", "q2"),
        codec=np.where(label == 1, "h264", "vp9"),
    )


def read_faces(paths: Sequence[str]) -> NDArray[np.float32]:
    return np.stack([np.full((16, 16, 3), len(path) / 20, np.float32) for path in paths])


@pytest.fixture(scope="module")
def model() -> Any:
    keras.utils.set_random_seed(5)
    image = layers.Input((16, 16, 3))
    x = layers.MaxPooling2D(4)(layers.Conv2D(3, 3, padding="same", activation="relu")(image))
    x = layers.Dense(4)(layers.Flatten()(x))
    return keras.Model(image, layers.Activation("sigmoid")(layers.Dense(1)(x)))


def page_of(folder: Path) -> str:
    return (folder / layout.MODEL_PAGE).read_text(encoding="utf-8")


def titles_of(folder: Path) -> list[str]:
    return re.findall(r"<h2>(.*?)</h2>", page_of(folder))


class Links(HTMLParser):
    """Collects what a page would load, and counts elements left open."""

    def __init__(self) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.loaded += [value or "" for name, value in attrs if name in ("src", "href")]
        if tag not in ("meta", "img", "path", "use", "rect", "line"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self.open:
            assert self.open.pop() == tag


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory, model: Any) -> Path:
    """A folder with a report of which nothing is missing."""
    folder = tmp_path_factory.mktemp("full")
    (folder / layout.TRAINING_HISTORY).write_text(
        "epoch,loss,val_loss,accuracy\n1,.9,.8,.6\n2,.7,.7,.7\n"
    )
    write_report(
        RunFolder.at(folder),
        ABOUT,
        predictions(),
        CALIBRATION,
        network=model,
        read_faces=read_faces,
        read_inputs=read_faces,
        resamples=9,
    )
    return folder


def test_everything_is_shown(full: Path) -> None:
    assert titles_of(full) == SECTIONS
    for words in ("Mean activations", "Inputs that excite", "Forged, taken for real", "28,073"):
        assert words in page_of(full)


def test_the_page_needs_no_other_file_and_no_network(full: Path) -> None:
    page = page_of(full)
    links = Links()
    links.feed(page)
    assert links.loaded
    assert all(link.startswith(("data:image/", "#")) for link in links.loaded)
    assert links.open == []
    assert "@import" not in page
    assert not re.search(r"url\((?!#)", page)


def test_the_record_is_read_back_as_it_was(tmp_path: Path) -> None:
    report = write_report(RunFolder.at(tmp_path), ABOUT, predictions(), CALIBRATION, resamples=9)
    assert (
        from_row(BaselineReport, json.loads((tmp_path / layout.MODEL_REPORT).read_text())) == report
    )


def test_the_same_arguments_give_the_same_bytes(tmp_path: Path, model: Any) -> None:
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        write_report(
            RunFolder.at(folder),
            ABOUT,
            predictions(8),
            CALIBRATION,
            network=model,
            read_faces=read_faces,
            read_inputs=read_faces,
            seed=3,
        )
    for name in (layout.MODEL_PAGE, layout.MODEL_REPORT):
        one, two = ((folder / name).read_bytes() for folder in folders)
        assert one == two


def test_what_there_is_nothing_of_is_left_out(tmp_path: Path) -> None:
    bare = Predictions.of([0, 1], [0.2, 0.7])
    write_report(RunFolder.at(tmp_path), ABOUT, bare, Calibration(), resamples=9)
    assert titles_of(tmp_path) == ["Scores", "Confusion", "Curves"]


@pytest.mark.parametrize("label", [0, 1])
def test_one_class_alone_makes_a_page(tmp_path: Path, label: int) -> None:
    whole = predictions()
    only = whole.at(whole.label == label)
    report = write_report(
        RunFolder.at(tmp_path), ABOUT, only, CALIBRATION, read_faces=read_faces, resamples=9
    )
    assert report.per_frame.auc.value is None
    assert "ROC" not in page_of(tmp_path)
    assert "Mean activations" not in page_of(tmp_path)
    assert ">nan<" not in page_of(tmp_path)


def test_a_test_without_faces_makes_a_page(tmp_path: Path, model: Any) -> None:
    empty = Predictions.of([], [])
    write_report(
        RunFolder.at(tmp_path),
        ABOUT,
        empty,
        Calibration(),
        network=model,
        read_faces=read_faces,
        read_inputs=read_faces,
    )
    assert "Scores" in titles_of(tmp_path)


def test_thresholds_are_those_asked_for(tmp_path: Path) -> None:
    raw = Predictions.of([0, 0, 1, 1], [0.1, 0.7, 0.75, 0.9])
    report = write_report(
        RunFolder.at(tmp_path),
        ABOUT,
        raw,
        Calibration(),
        threshold=0.72,
        drawn_threshold=0.8,
        resamples=9,
    )
    assert report.per_frame.balanced.value == 1
    assert report.per_video_by_share.balanced.value == 1
    assert (report.frame_confusion.threshold, report.frame_confusion.real_as_fake) == (0.8, 1)
    assert "real from p_real 0.8 on" in page_of(tmp_path)
    assert "p_real 0.72 on" in page_of(tmp_path)


def test_figures_are_of_calibrated_scores(tmp_path: Path) -> None:
    raw = Predictions.of([0, 1], [0.1, 0.97])
    report = write_report(
        RunFolder.at(tmp_path), ABOUT, raw, Calibration(temperature=3), resamples=9
    )
    assert report.frame_confusion.real_as_fake == 1  # .97 is .76 at temperature 3
    assert report.calibration_error_before.value == pytest.approx((0.1 + 0.03) / 2)
    assert report.per_frame.calibration_error.value == pytest.approx(
        (0.3246 + 0.2392) / 2, abs=2e-3
    )


def test_names_from_outside_are_no_markup(tmp_path: Path) -> None:
    about = TrainingSummary("<script>", "<b>", 1, "<i>", 0, 1, 1, 1, "<u>")
    raw = Predictions.of(
        [0, 1], [0.2, 0.7], method=["<em>", ""], path=['"><script>', "b"], codec=["<tt>"] * 2
    )
    write_report(
        RunFolder.at(tmp_path), about, raw, Calibration(), read_faces=read_faces, resamples=9
    )
    for tag in ("<script>", "<b>meso", "<i>", "<u>", "<em>", "<tt>"):
        assert tag not in page_of(tmp_path)
    assert "&lt;script&gt;" in page_of(tmp_path)


def test_curves_take_their_colours_from_the_page(tmp_path: Path) -> None:
    write_report(RunFolder.at(tmp_path), ABOUT, predictions(), CALIBRATION, resamples=9)
    svgs = re.findall(r"<svg.*?</svg>", page_of(tmp_path), re.DOTALL)
    assert len(svgs) == 3
    for svg in svgs:
        assert "var(--ink)" in svg
        assert not re.search(r"#0[0-9a-f]{5}", svg)

"""A history is read as it was left."""

from pathlib import Path

from deepfake_dataset.baseline.report.svg_plots import draw_history
from deepfake_dataset.baseline.training.history import History, read_history
from deepfake_dataset.baseline.training.run_folder import RunFolder
from deepfake_dataset.dataset import layout


def written(folder: Path, text: str) -> History:
    (folder / layout.TRAINING_HISTORY).write_text(text)
    return read_history(RunFolder.at(folder))


def test_epochs_without_a_figure_are_left_out_of_its_curve(tmp_path: Path) -> None:
    history = written(tmp_path, "epoch,loss,val_loss\n1,.9,\n2,.8,.85\n3,.7,.8\n")
    assert history.epoch.tolist() == [1, 2, 3]
    epochs, values = history.known("val_loss")
    assert epochs.tolist() == [2, 3]
    assert values.tolist() == [0.85, 0.8]


def test_a_line_cut_short_is_no_error(tmp_path: Path) -> None:
    history = written(tmp_path, "epoch,loss\n1,.9\n2")
    assert history.known("loss")[0].tolist() == [1]


def test_training_without_validation_has_one_curve(tmp_path: Path) -> None:
    drawn = draw_history(written(tmp_path, "epoch,loss\n1,.9\n2,.8\n"), "loss")
    assert ">training<" in drawn
    assert ">validation<" not in drawn


def test_no_history_has_no_curves(tmp_path: Path) -> None:
    assert draw_history(read_history(RunFolder.at(tmp_path)), "loss") == ""
    assert draw_history(written(tmp_path, ""), "accuracy") == ""
    assert draw_history(written(tmp_path, "epoch,loss\n"), "loss") == ""

"""A network learns what is there to learn, and the same again after a kill."""

from pathlib import Path

import numpy as np
import pytest

from deepfake_dataset.baseline.data.class_folders import read_class_folders
from deepfake_dataset.baseline.data.examples import Examples
from deepfake_dataset.baseline.data.validation_split import hold_back_groups
from deepfake_dataset.baseline.scoring.accuracy_metrics import compute_metrics
from deepfake_dataset.baseline.scoring.predict import predict_examples
from deepfake_dataset.baseline.training.history import read_history
from deepfake_dataset.baseline.training.recipes import Recipe, recipe
from deepfake_dataset.baseline.training.run_folder import RunFolder
from deepfake_dataset.baseline.training.train import TrainingProgress, train
from deepfake_dataset.errors import ImagesError, UsageError

from ..conftest import MakeFaces

pytestmark = pytest.mark.slow

QUICK = Recipe(model="notebook", epochs=3, batch=8, learning_rate=3e-3, flip=True, jpeg=0.5)


def _sides(folder: Path) -> tuple[Examples, Examples]:
    examples = read_class_folders(folder)
    rest, back = hold_back_groups(examples, (0.25,), 1)
    return examples.at(rest), examples.at(back)


def _auc(model: object, examples: Examples) -> float:
    auc = compute_metrics(predict_examples(model, examples), resamples=0).auc.value
    assert auc is not None
    return auc


class KilledError(Exception):
    """The process ends here."""


def _kill_in_epoch(number: int) -> object:
    def on_progress(progress: TrainingProgress) -> None:
        if progress.epoch == number and progress.update == 2:
            raise KilledError

    return on_progress


def test_meso4_finds_a_planted_signal(make_faces: MakeFaces, tmp_path: Path) -> None:
    training, test = _sides(make_faces(each=24))
    asked = Recipe(epochs=5, batch=8, learning_rate=3e-3, balance_classes=True)
    assert _auc(train(training, None, asked, RunFolder.at(tmp_path / "run")), test) > 0.95


def test_shuffled_labels_teach_nothing(make_faces: MakeFaces, tmp_path: Path) -> None:
    training, test = _sides(make_faces(each=120, groups=40, planted=False))
    auc = _auc(train(training, None, QUICK, RunFolder.at(tmp_path / "run")), test)
    assert 0.25 < auc < 0.75


def test_the_trained_network_needs_nothing_but_keras(make_faces: MakeFaces, tmp_path: Path) -> None:
    training, _ = _sides(make_faces(each=8))
    model = train(training, None, Recipe(epochs=1, batch=8), RunFolder.at(tmp_path / "run"))
    assert {type(layer).__module__.partition(".")[0] for layer in model.layers} == {"keras"}


@pytest.mark.parametrize("network", ["notebook", "meso4"])
def test_a_killed_training_ends_as_if_it_had_not_been_killed(
    make_faces: MakeFaces, tmp_path: Path, network: str
) -> None:
    training, validation = _sides(make_faces(each=16))
    asked = recipe("best", [f"model={network}", "epochs=3", "batch=8", "patience=2"])
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    wanted = train(training, validation, asked, RunFolder.at(whole))
    with pytest.raises(KilledError):
        train(training, validation, asked, RunFolder.at(killed), on_progress=_kill_in_epoch(3))  # type: ignore[arg-type]
    assert len(read_history(RunFolder.at(killed)).epoch) == 2
    got = train(training, validation, asked, RunFolder.at(killed), resume=True)
    for a, b in zip(wanted.get_weights(), got.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert (whole / "history.csv").read_bytes() == (killed / "history.csv").read_bytes()


def test_a_checkpoint_of_another_training_is_refused(make_faces: MakeFaces, tmp_path: Path) -> None:
    training, _ = _sides(make_faces(each=8))
    train(
        training, None, Recipe(model="notebook", epochs=1, batch=8), RunFolder.at(tmp_path / "run")
    )
    other = Recipe(model="notebook", epochs=1, batch=8, zoom=0.1)
    with pytest.raises(UsageError, match="another recipe"):
        train(training, None, other, RunFolder.at(tmp_path / "run"), resume=True)


def test_a_damaged_checkpoint_is_refused(make_faces: MakeFaces, tmp_path: Path) -> None:
    training, _ = _sides(make_faces(each=8))
    (tmp_path / "checkpoint.npz").write_bytes(b"PK\x03\x04 cut short")
    with pytest.raises(UsageError, match="cannot be read"):
        train(training, None, QUICK, RunFolder.at(tmp_path), resume=True)


def test_parts_of_a_batch_update_as_the_whole(make_faces: MakeFaces, tmp_path: Path) -> None:
    training, _ = _sides(make_faces(each=8))
    weights = []
    for parts in (1, 4):
        asked = Recipe(model="notebook", epochs=1, batch=8, accumulate=parts)
        weights.append(
            train(training, None, asked, RunFolder.at(tmp_path / f"{parts}")).get_weights()
        )
    for whole, accumulated in zip(*weights, strict=True):
        np.testing.assert_allclose(whole, accumulated, atol=2e-4)


def test_training_stops_when_validation_gets_no_better(
    make_faces: MakeFaces, tmp_path: Path
) -> None:
    training, validation = _sides(make_faces(each=12, planted=False))
    asked = Recipe(model="notebook", epochs=9, batch=8, patience=1, learning_rate=1e-12)
    train(training, validation, asked, RunFolder.at(tmp_path))
    assert len(read_history(RunFolder.at(tmp_path)).epoch) < 9


def test_an_image_that_vanishes_during_training_is_named(
    make_faces: MakeFaces, tmp_path: Path
) -> None:
    folder = make_faces(each=8)
    training, _ = _sides(folder)
    gone = Path(training.locations[0])
    gone.unlink()
    with pytest.raises(ImagesError, match=f"{gone.name} is missing"):
        train(training, None, QUICK, RunFolder.at(tmp_path / "run"))


def test_half_precision_trains_and_scores_in_single_precision(
    make_faces: MakeFaces, tmp_path: Path
) -> None:
    training, test = _sides(make_faces(each=16))
    model = train(training, None, QUICK, RunFolder.at(tmp_path), mixed=True)
    p_real = predict_examples(model, test).p_real
    assert model.output.dtype == "float32"
    assert np.isfinite(p_real).all()

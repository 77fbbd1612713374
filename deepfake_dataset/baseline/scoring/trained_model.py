"""Loads a trained model from a run's folder or a file, and scores faces with it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deepfake_dataset.baseline.data.examples import Examples
from deepfake_dataset.baseline.keras_backend import jit_mode, set_up_keras
from deepfake_dataset.baseline.models import MODELS, build_model
from deepfake_dataset.baseline.network.load_weights import load_weights
from deepfake_dataset.baseline.scoring.calibration import Calibration, read_calibration
from deepfake_dataset.baseline.scoring.predict import predict_examples
from deepfake_dataset.baseline.scoring.predictions import Predictions
from deepfake_dataset.baseline.training.recipes import Recipe
from deepfake_dataset.baseline.training.run_folder import RunFolder, read_recipe
from deepfake_dataset.dataset import layout
from deepfake_dataset.errors import ModelError, WeightsError

_HINT = "name the folder of a run of dsbuild train-baseline, a .keras model or .h5 weights"


@dataclass(frozen=True, slots=True, eq=False)
class TrainedModel:
    """A network, and what its run knows of how to use it."""

    model: Any
    calibration: Calibration
    resize: str
    """How its recipe brings faces to its size."""

    def score(self, examples: Examples) -> Predictions:
        """Calibrated p_real of each face.

        Raises :class:`ImagesError` where an image cannot be read.
        """
        raw = predict_examples(self.model, examples, resize=self.resize)
        return raw.scored(self.calibration.apply(raw.p_real))


def open_trained_model(place: Path) -> TrainedModel:
    """The network of a run's folder, of a .keras file or with the weights of a .h5 file.

    Calibration and recipe are those that lie beside it; without them scores are as the
    network gives them, and bare weights are those of a network that is shown colour.

    Raises :class:`ModelError` for what is none of the three, :class:`WeightsError` for weights
    that fit no network, and :class:`MissingExtraError` without Keras.
    """
    set_up_keras()
    file = place / layout.TRAINED_MODEL if place.is_dir() else place
    if not file.is_file():
        raise ModelError(f"there is no model {file}", _HINT)
    beside = RunFolder.at(file.parent)
    recipe = read_recipe(beside) if beside.has(layout.TRAINING_RECIPE) else None
    model = _with_weights(file, recipe) if file.suffix in (".h5", ".hdf5") else _loaded(file)
    return TrainedModel(model, read_calibration(beside), recipe.resize if recipe else "area")


def _loaded(file: Path) -> Any:
    import keras

    try:
        model = keras.saving.load_model(file, compile=False)
        side = int(model.input_shape[1])
        sound = model.input_shape == (None, side, side, 3) and model.output_shape == (None, 1)
    except (OSError, ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        raise ModelError(f"{file} cannot be read as a model: {error}", _HINT) from error
    if not sound:
        raise ModelError(
            f"{file} takes {model.input_shape} and gives {model.output_shape}",
            "a model takes (None, side, side, 3) and gives (None, 1)",
        )
    model.jit_compile = jit_mode()
    return model


def _with_weights(file: Path, recipe: Recipe | None) -> Any:
    """The network that the weights fit: the one that the run's recipe names, or any."""
    from deepfake_dataset.baseline.network.preprocessing_layers import with_preprocessing

    names = (recipe.model,) if recipe else MODELS
    problems = []
    for name in names:
        model = build_model(name)
        try:
            load_weights(model, file)
        except WeightsError as error:
            problems.append(f"{name}: {error}")
        else:
            return with_preprocessing(model, levelled=recipe is not None and recipe.levelled)
    raise WeightsError(f"{file} fits no network; " + "; ".join(problems), _HINT)

"""Compiles a recipe's network with its loss and optimiser."""

from typing import Any

import numpy as np

from deepfake_dataset.baseline.keras_backend import jit_mode, set_up_keras
from deepfake_dataset.baseline.models import build_model
from deepfake_dataset.baseline.training.recipes import Recipe


def compile_network(recipe: Recipe, *, mixed: bool = False) -> Any:
    """The recipe's network, new and ready to train on bytes; ``mixed`` computes in half precision.

    Everything random about it comes from the recipe's seed. Its weights are those of the
    network that :func:`build_model` gives, in the same order.
    """
    set_up_keras()
    import keras

    from deepfake_dataset.baseline.network.fused_batch_norm import with_fused_normalisation
    from deepfake_dataset.baseline.network.preprocessing_layers import taking_byte_pixels

    keras.utils.set_random_seed(recipe.seed)
    keras.config.set_dtype_policy("mixed_float16" if mixed else "float32")
    network = with_fused_normalisation(build_model(recipe.model))
    keras.config.set_dtype_policy("float32")
    model = taking_byte_pixels(network, grey=recipe.levelled)
    model.compile(_optimiser(recipe), _loss(recipe), metrics=["accuracy"], jit_compile=jit_mode())
    return model


def _loss(recipe: Recipe) -> Any:
    import keras

    if recipe.loss == "squared":
        return keras.losses.MeanSquaredError()
    return keras.losses.BinaryCrossentropy(label_smoothing=recipe.label_smoothing)


def _optimiser(recipe: Recipe) -> Any:
    import keras

    adam = keras.optimizers.AdamW(
        recipe.learning_rate,
        weight_decay=recipe.weight_decay,
        gradient_accumulation_steps=recipe.accumulate if recipe.accumulate > 1 else None,
    )
    adam.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    return adam


def reseed_dropout(model: Any, seed: int, epoch: int) -> None:
    """Start every layer's random numbers anew, so that an epoch is the same after a resume."""
    from deepfake_dataset.baseline.network.preprocessing_layers import without_preprocessing

    for number, layer in enumerate(without_preprocessing(model).layers):
        if generator := getattr(layer, "seed_generator", None):
            state = np.random.SeedSequence((seed, epoch, number)).generate_state(2)
            generator.state.assign(state.astype(np.uint32))

"""How a network is updated: loss, optimiser, and the learning rate of each update."""

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepfake_dataset.baseline.models import build, jit, need_keras
from deepfake_dataset.baseline.training.recipes import Recipe

_WARM_UP = 0.05
"""Share of a cosine's updates in which the rate rises from 0."""
_LAST = 0.01
"""Where a cosine ends, over where it began."""
_DECADE, _FLOOR = 1000, 1e-6
"""Updates between divisions by ten, and the lowest rate (the report that this follows)."""


def compile_network(recipe: Recipe, *, mixed: bool = False) -> Any:
    """The recipe's network, new and ready to train on bytes; ``mixed`` computes in half precision.

    Everything random about it comes from the recipe's seed. Its weights are those of the
    network that :func:`build` gives, in the same order.
    """
    need_keras()
    import keras

    from deepfake_dataset.baseline.network.fused_batch_norm import with_fused_normalisation
    from deepfake_dataset.baseline.network.preprocessing_layers import taking_byte_pixels

    keras.utils.set_random_seed(recipe.seed)
    keras.config.set_dtype_policy("mixed_float16" if mixed else "float32")
    network = with_fused_normalisation(build(recipe.model))
    keras.config.set_dtype_policy("float32")
    model = taking_byte_pixels(network, grey=recipe.levelled)
    model.compile(_optimiser(recipe), _loss(recipe), metrics=["accuracy"], jit_compile=jit())
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


def scheduled_rate(recipe: Recipe, update: int, updates: int) -> float:
    """Learning rate of an update, counted from 0, of all the updates there are to be."""
    if recipe.schedule == "decades":
        return max(
            min(_FLOOR, recipe.learning_rate), recipe.learning_rate * 0.1 ** (update // _DECADE)
        )
    if recipe.schedule == "constant":
        return recipe.learning_rate
    warm_up = _WARM_UP * updates
    if update < warm_up:
        return recipe.learning_rate * (update + 1) / (warm_up + 1)
    done = (update - warm_up) / max(1.0, updates - warm_up)
    return recipe.learning_rate * (_LAST + (1 - _LAST) * (1 + math.cos(math.pi * done)) / 2)


def reseed(model: Any, seed: int, epoch: int) -> None:
    """Start every layer's random numbers anew, so that an epoch is the same after a resume."""
    from deepfake_dataset.baseline.network.preprocessing_layers import without_preprocessing

    for number, layer in enumerate(without_preprocessing(model).layers):
        if generator := getattr(layer, "seed_generator", None):
            state = np.random.SeedSequence((seed, epoch, number)).generate_state(2)
            generator.state.assign(state.astype(np.uint32))


def recompute_batch_norm(model: Any, batches: Iterable[NDArray[np.uint8]]) -> None:
    """Take the statistics of batch normalisation from these batches alone.

    While weights move, the running statistics lag behind by some hundred updates, and a small
    set does not have as many.
    """
    import keras

    from deepfake_dataset.baseline.network.preprocessing_layers import without_preprocessing

    kind = keras.layers.BatchNormalization
    layers = [layer for layer in without_preprocessing(model).layers if isinstance(layer, kind)]
    usual = [layer.momentum for layer in layers]
    for number, pixels in enumerate(batches if layers else ()):
        for layer in layers:
            layer.momentum = number / (number + 1)  # the mean of all so far
        model(pixels, training=True)
    for layer, momentum in zip(layers, usual, strict=True):
        layer.momentum = momentum

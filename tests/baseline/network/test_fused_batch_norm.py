"""Batch normalisation in one operation: the same numbers, in a network that is Keras's own."""

from typing import Any

import numpy as np
import pytest

keras = pytest.importorskip("keras")
tensorflow = pytest.importorskip("tensorflow")

from deepfake_dataset.baseline.models import build_model  # noqa: E402
from deepfake_dataset.baseline.network.fused_batch_norm import (  # noqa: E402
    FusedBatchNormalization,
    with_fused_normalisation,
)

PIXELS = np.random.default_rng(0).gamma(2.0, size=(8, 12, 10, 3)).astype(np.float32)


@pytest.fixture
def plain() -> Any:
    normalisation = keras.layers.BatchNormalization(momentum=0.8)
    model = keras.Sequential([keras.layers.Input(PIXELS.shape[1:]), normalisation])
    normalisation.gamma.assign([0.5, 1.0, 2.0])
    normalisation.beta.assign([-1.0, 0.0, 3.0])
    return model


def gradients(model: Any) -> list[Any]:
    with tensorflow.GradientTape() as tape:
        loss = tensorflow.reduce_sum(model(PIXELS, training=True) ** 3)
    return [g.numpy() for g in tape.gradient(loss, model.trainable_variables)]


def test_training_gives_what_keras_gives(plain: Any) -> None:
    fused = with_fused_normalisation(plain)
    of_plain, of_fused = (np.asarray(m(PIXELS, training=True)) for m in (plain, fused))
    np.testing.assert_allclose(of_fused, of_plain, rtol=1e-4, atol=1e-4)
    # gamma, beta, moving mean and moving variance, which a batch of training has moved
    for mine, its in zip(fused.get_weights(), plain.get_weights(), strict=True):
        np.testing.assert_allclose(mine, its, rtol=2e-3)


def test_gradients_are_those_of_keras(plain: Any) -> None:
    fused = with_fused_normalisation(plain)
    for mine, its in zip(gradients(fused), gradients(plain), strict=True):
        np.testing.assert_allclose(mine, its, rtol=1e-3)


def test_scores_are_those_of_keras_bit_for_bit(plain: Any) -> None:
    fused = with_fused_normalisation(plain)
    np.testing.assert_array_equal(np.asarray(fused(PIXELS)), np.asarray(plain(PIXELS)))


def test_every_normalisation_of_a_network_is_fused_and_every_other_layer_kept() -> None:
    plain = build_model("meso4")
    fused = with_fused_normalisation(plain)
    kinds = [(type(a), type(b)) for a, b in zip(plain.layers, fused.layers, strict=True)]
    changed = [pair for pair in kinds if pair[0] is not pair[1]]
    assert changed == [(keras.layers.BatchNormalization, FusedBatchNormalization)] * 4
    names = [[layer.name for layer in model.layers[1:]] for model in (fused, plain)]
    assert names[0] == names[1]
    assert fused.count_params() == 28_073


def test_weights_are_taken_over(plain: Any) -> None:
    fused = with_fused_normalisation(plain)
    for mine, its in zip(fused.get_weights(), plain.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, its)


def test_half_precision_comes_back_as_such() -> None:
    layer = FusedBatchNormalization(dtype="mixed_float16")
    halves = layer(PIXELS, training=True)
    assert halves.dtype == "float16"
    plain = keras.layers.BatchNormalization(dtype="mixed_float16")
    np.testing.assert_allclose(halves, plain(PIXELS, training=True), atol=0.01)

"""Fused batch normalisation, quicker while a network is trained with TensorFlow.

Keras makes it of a dozen operations, each of which walks through a whole batch of activations:
half of what an update of Meso4 costs. TensorFlow has one that does the same.
"""

from typing import Any

import keras


def with_fused_normalisation(model: Any) -> Any:
    """The same network with the same weights, quicker to train; not for saving.

    Unchanged with other backends than TensorFlow.
    """
    if keras.backend.backend() != "tensorflow":
        return model
    fused = keras.models.clone_model(model, clone_function=_fused)
    fused.set_weights(model.get_weights())
    return fused


def _fused(layer: Any) -> Any:
    is_normalisation = type(layer) is keras.layers.BatchNormalization
    kind = FusedBatchNormalization if is_normalisation else type(layer)
    return kind.from_config(layer.get_config())


class FusedBatchNormalization(keras.layers.BatchNormalization):  # type: ignore[misc]
    """Over the last axis of (batch, height, width, channels)."""

    def call(self, inputs: Any, training: Any = None, mask: Any = None) -> Any:
        """As the layer that it stands for."""
        if not training:
            return super().call(inputs, training=training, mask=mask)
        from tensorflow.compat.v1.nn import fused_batch_norm

        # Its variance is of n - 1: with a thousand values a channel and more, the same.
        outputs, mean, variance = fused_batch_norm(
            keras.ops.cast(inputs, "float32"),
            self.gamma,
            self.beta,
            epsilon=self.epsilon,
            is_training=True,
        )
        for moving, new in ((self.moving_mean, mean), (self.moving_variance, variance)):
            moving.assign(moving * self.momentum + new * (1 - self.momentum))
        return keras.ops.cast(outputs, self.compute_dtype)

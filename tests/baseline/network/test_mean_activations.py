"""Mean activations are those of all faces."""

from typing import Any

import keras
import pytest

from deepfake_dataset.baseline.network import mean_activations as module
from deepfake_dataset.baseline.network.layers_to_show import layers_to_show
from deepfake_dataset.baseline.network.mean_activations import mean_activations

from .conftest import faces

pytestmark = pytest.mark.slow


def test_means_are_those_of_all_faces_however_many_are_in_memory(
    model: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake, real = faces(7), faces(3)
    monkeypatch.setattr(module, "_AT_ONCE", 3)
    _, convolution, dense, _ = mean_activations(model, fake, real)
    outputs = keras.Model(model.input, layers_to_show(model)[1].output)(fake)
    assert convolution.fake.shape == (12, 12, 5)
    assert convolution.fake == pytest.approx(
        keras.ops.convert_to_numpy(outputs).mean(axis=0), abs=1e-5
    )
    assert dense.real.shape == (4,)

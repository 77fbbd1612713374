"""The published weights give the published answers in the networks rebuilt here."""

from pathlib import Path

import pytest

from deepfake_dataset.baseline.data.class_folders import read_class_folders
from deepfake_dataset.baseline.models import build_model
from deepfake_dataset.baseline.network.load_weights import load_weights
from deepfake_dataset.baseline.scoring.predict import predict

pytestmark = pytest.mark.slow

GOLDEN = {
    ("meso4", "Meso4_DF"): (0.0414, 0.0487, 0.9897, 0.9977),
    ("meso4", "Meso4_F2F"): (0.8312, 0.6411, 0.8810, 0.9524),
    ("mesoinception4", "MesoInception_DF"): (0.0262, 0.0010, 1.0, 1.0),
    ("mesoinception4", "MesoInception_F2F"): (0.9987, 1.0, 1.0, 0.9908),
}
"""p_real of the four published test images, brought to 256 pixels by nearest neighbour."""


@pytest.mark.parametrize(("model", "weights"), GOLDEN)
def test_published_weights_give_their_golden_outputs(
    shared_data: Path, model: str, weights: str
) -> None:
    folder = shared_data / "mesonet" / "weights"
    examples = read_class_folders(folder / "test_images")
    assert examples.path.tolist() == [
        "df/df00204.jpg",
        "df/df01254.jpg",
        "real/real00240.jpg",
        "real/real00772.jpg",
    ]
    network = build_model(model)
    load_weights(network, folder / f"{weights}.h5")
    p_real = predict(network, examples, resize="nearest")
    assert p_real.tolist() == pytest.approx(GOLDEN[model, weights], abs=0.002)

"""What review computes is the same to the last bit on processors of other kinds."""

import os
import pickle
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from .reasons.faults import FAULTS

pytestmark = pytest.mark.slow

PROCESSORS = {
    "Haswell": {"OPENBLAS_CORETYPE": "Haswell"},
    "Nehalem": {"OPENBLAS_CORETYPE": "Nehalem"},
    "Prescott": {"OPENBLAS_CORETYPE": "Prescott"},
    "OpenCV without IPP": {"OPENCV_IPP": "disabled"},
    "OpenCV without AVX": {"OPENCV_CPU_DISABLE": "AVX512-SKX,AVX2,FP16,AVX"},
    "NumPy without AVX": {"NPY_DISABLE_CPU_FEATURES": "AVX2 FMA3 AVX512F AVX512CD AVX512_SKX"},
}


@pytest.fixture(scope="module")
def computed(tmp_path_factory, record):
    """Runs the script with some variables set; gives the hashes that it prints."""
    rng = np.random.default_rng(3)
    noise = [rng.integers(0, 256, (24, 24, 3), np.uint8) for _ in range(6)]
    crops = [cv2.resize(picture, (256, 256), interpolation=cv2.INTER_CUBIC) for picture in noise]
    embeddings = rng.normal(0, 0.1, (6, 128)).astype(np.float32)
    given = crops, record(faces=6).faces, embeddings, FAULTS["landmarks"]().features
    file = tmp_path_factory.mktemp("given") / "given.pickle"
    file.write_bytes(pickle.dumps(given))

    def run(**variables):
        script = Path(__file__).with_name("scores_here.py")
        ran = subprocess.run(
            [sys.executable, str(script), str(file)],
            env=os.environ | variables,
            capture_output=True,
            text=True,
            check=True,
        )
        return ran.stdout.split()

    return run


@pytest.fixture(scope="module")
def here(computed):
    return computed()


@pytest.mark.parametrize("variables", PROCESSORS.values(), ids=PROCESSORS)
def test_distances_and_scores_are_the_same(computed, here, variables):
    assert len(here) == 4
    assert computed(**variables) == here

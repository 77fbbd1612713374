"""Where dlib's model files lie."""

from functools import cache
from importlib.util import find_spec
from pathlib import Path

from deepfake_dataset.errors import UsageError


@cache
def model_file(name: str) -> Path:
    """A file of the package ``face_recognition_models``.

    The package is found, not imported: importing it needs a part of setuptools that is gone.
    Raises :class:`UsageError` where it is missing.
    """
    spec = find_spec("face_recognition_models")
    folders = (spec.submodule_search_locations or []) if spec else []
    for folder in folders:
        path = Path(folder, "models", name)
        if path.is_file():
            return path
    raise UsageError(
        f"the model file {name} is missing", "pip install face-recognition-models==0.3.0"
    )

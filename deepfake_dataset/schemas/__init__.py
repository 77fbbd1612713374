"""The JSON Schemas of what a dataset holds, as files of the package.

``video`` is a record, ``manifest`` the CSV to train on, ``split`` a split's record, and
``labels`` the CSV in which a person says what videos are.
"""

import json
from importlib.resources import files
from typing import Any

from deepfake_dataset.errors import UsageError

NAMES = ("labels", "manifest", "split", "video")


def schema_text(name: str) -> str:
    """The text of a schema's file. Raises :class:`UsageError` for a name that is none."""
    if name not in NAMES:
        raise UsageError(f"there is no schema {name!r}", f"those there are: {', '.join(NAMES)}")
    return files(__name__).joinpath(f"{name}.schema.json").read_text(encoding="utf-8")


def read_schema(name: str) -> dict[str, Any]:
    """A schema as nested dictionaries. Raises :class:`UsageError` for a name that is none."""
    schema: dict[str, Any] = json.loads(schema_text(name))
    return schema

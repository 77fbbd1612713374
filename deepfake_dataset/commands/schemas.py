"""The JSON Schemas, made from the records that they describe: ``make schemas`` writes them."""

import json
from pathlib import Path
from typing import Any

from deepfake_dataset.dataset.manifest import table_schema
from deepfake_dataset.dataset.schema import json_schema
from deepfake_dataset.records import Video
from deepfake_dataset.schemas import schema_text
from deepfake_dataset.split.manifests.split_record import SplitRecord
from deepfake_dataset.storage.local import write_file


def make_schemas() -> dict[str, str]:
    """The text of every schema by the name of its file; ``labels`` is written by hand."""
    return {
        "labels.schema.json": schema_text("labels"),
        "manifest.schema.json": _as_text(table_schema()),
        "split.schema.json": _as_text(json_schema(SplitRecord)),
        "video.schema.json": _as_text(json_schema(Video)),
    }


def write_schemas(*folders: Path) -> None:
    """Write all schemas into each of the folders."""
    for name, text in make_schemas().items():
        for folder in folders:
            write_file(folder / name, text)


def _as_text(schema: dict[str, Any]) -> str:
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"

"""Prometheus metrics of a run: a file for node_exporter's textfile collector.

The format is https://prometheus.io/docs/instrumenting/exposition_formats/ (text, 0.0.4).
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from deepfake_dataset.storage.os_errors import writing


@dataclass(frozen=True, slots=True)
class Gauge:
    """One number that may go up and down, with a value for each set of labels."""

    name: str
    """Ends in its unit, but for plain counts."""
    help: str
    values: tuple[tuple[tuple[tuple[str, str], ...], float], ...]
    """Labels as (name, value) pairs, and the number."""


def write_metrics(file: Path, gauges: Iterable[Gauge]) -> None:
    """Write all of them in one step: the collector never sees half a file.

    Raises :class:`DatasetWriteError`.
    """
    text = "".join(map(_exposed, gauges))
    aside = file.with_name(f".partial-{file.name}.{os.getpid()}")  # ends in no .prom
    with writing(file):
        try:
            aside.write_text(text, encoding="utf-8")
            aside.replace(file)
        finally:
            aside.unlink(missing_ok=True)


def _exposed(gauge: Gauge) -> str:
    lines = [f"# HELP {gauge.name} {gauge.help}", f"# TYPE {gauge.name} gauge"]
    lines += [f"{gauge.name}{_labels(labels)} {float(value)!r}" for labels, value in gauge.values]
    return "\n".join(lines) + "\n"


def _labels(labels: Iterable[tuple[str, str]]) -> str:
    pairs = ",".join(f'{name}="{_escaped(value)}"' for name, value in labels)
    return f"{{{pairs}}}" if pairs else ""


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")

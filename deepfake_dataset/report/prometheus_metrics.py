"""Prometheus metrics of a run: a file for node_exporter's textfile collector."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from deepfake_dataset.storage.os_errors import writing

if TYPE_CHECKING:
    from prometheus_client import Metric


@dataclass(frozen=True, slots=True)
class Gauge:
    """One number that may go up and down, with a value for each set of labels."""

    name: str
    """Ends in its unit, but for plain counts."""
    help: str
    values: tuple[tuple[tuple[tuple[str, str], ...], float], ...]
    """Labels as (name, value) pairs, and the number."""


@dataclass(frozen=True, slots=True)
class _Collector:
    gauges: tuple[Gauge, ...]

    def collect(self) -> "Iterator[Metric]":
        """As prometheus-client asks of a collector."""
        from prometheus_client import Metric

        for gauge in self.gauges:
            metric = Metric(gauge.name, gauge.help, "gauge")
            for labels, value in gauge.values:
                metric.add_sample(gauge.name, dict(labels), value)
            yield metric


def write_metrics(file: Path, gauges: Iterable[Gauge]) -> None:
    """Write all of them in one step: the collector never sees half a file.

    Raises :class:`DatasetWriteError`.
    """
    from prometheus_client import CollectorRegistry, write_to_textfile

    registry = CollectorRegistry()
    registry.register(_Collector(tuple(gauges)))
    with writing(file):
        write_to_textfile(str(file), registry)

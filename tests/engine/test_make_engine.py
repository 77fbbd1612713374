from importlib.metadata import EntryPoint

import pytest

from deepfake_dataset import plugins
from deepfake_dataset.engine import make_engine
from deepfake_dataset.engine.inline import InlineEngine
from deepfake_dataset.engine.limits import Limits
from deepfake_dataset.engine.local import LocalEngine
from deepfake_dataset.errors import UsageError


class Elsewhere:
    """An engine of another package."""

    def __init__(self, *, workers: int, hold: object) -> None:
        self.workers = workers


def test_engines_are_made_by_name():
    assert isinstance(make_engine("local", workers=3), LocalEngine)
    assert isinstance(make_engine("inline"), InlineEngine)


def test_an_engine_of_another_package_is_found(monkeypatch):
    point = EntryPoint("cluster", f"{__name__}:Elsewhere", plugins.ENGINES)
    monkeypatch.setattr(
        plugins,
        "entry_points",
        lambda group, name="cluster": [point] if group == point.group else [],
    )
    plugins.plugin_names.cache_clear()
    plugins.load_plugin.cache_clear()
    try:
        engine = make_engine("cluster", workers=5)
        assert type(engine).__name__ == "Elsewhere"
        assert engine.workers == 5
        with pytest.raises(UsageError, match="no engine 'cloud'") as caught:
            make_engine("cloud")
        assert caught.value.hint == "those there are: local, inline, cluster"
    finally:
        plugins.plugin_names.cache_clear()
        plugins.load_plugin.cache_clear()


def test_limits_are_plain_numbers():
    assert Limits(1.0, 2) == Limits(time_s=1.0, memory_mb=2, file_mb=None, confined=False)

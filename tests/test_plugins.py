from importlib.metadata import EntryPoint

import pytest

from deepfake_dataset import plugins
from deepfake_dataset.errors import PluginError
from deepfake_dataset.plugins import DETECTORS, load_plugin, plugin_names


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch):
    """Pretend that packages are installed which name these objects."""

    def pretend(*points: EntryPoint) -> None:
        def found(group: str, name: str | None = None):
            return [p for p in points if p.group == group and name in (None, p.name)]

        monkeypatch.setattr(plugins, "entry_points", found)
        plugin_names.cache_clear()
        load_plugin.cache_clear()

    yield pretend
    plugin_names.cache_clear()
    load_plugin.cache_clear()


def test_names_are_those_of_the_group_alone(install):
    install(EntryPoint("b", "x:y", DETECTORS), EntryPoint("a", "x:y", DETECTORS))
    assert plugin_names(DETECTORS) == ("a", "b")
    assert plugin_names("deepfake_dataset.engines") == ()


def test_the_object_is_what_the_entry_point_names(install):
    install(EntryPoint("join", "os.path:join", DETECTORS))
    from os.path import join

    assert load_plugin(DETECTORS, "join") is join


@pytest.mark.parametrize("value", ["no_such_module_here:X", "os.path:no_such_name"])
def test_a_plugin_that_cannot_be_imported_is_one_clear_error(value, install):
    install(EntryPoint("broken", value, DETECTORS))
    with pytest.raises(PluginError, match="plug-in broken of") as caught:
        load_plugin(DETECTORS, "broken")
    assert caught.value.hint


def test_one_name_from_two_packages_is_refused(install):
    install(EntryPoint("same", "os.path:join", DETECTORS), EntryPoint("same", "os:sep", DETECTORS))
    with pytest.raises(PluginError, match="two packages"):
        load_plugin(DETECTORS, "same")

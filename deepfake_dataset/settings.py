"""What can be tuned: one frozen dataclass a stage, read from ``dsbuild.toml``.

A field's metadata carries what a user must know: help, and the range or the choices
allowed. Values are checked when a settings object is made, whoever makes it.
"""

import hashlib
import json
import os
import tomllib
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import Field, asdict, dataclass, field, fields, replace
from difflib import get_close_matches
from functools import reduce
from operator import getitem
from typing import TYPE_CHECKING, Any, ClassVar, Self, cast

from deepfake_dataset.errors import SettingsError
from deepfake_dataset.plugins import DETECTORS, plugin_names

if TYPE_CHECKING:
    from tomlkit import TOMLDocument

RECORD_VERSION = 12
"""Raised whenever extraction would give other bytes for the same video and settings."""


def _setting(
    default: Any,
    help_: str,
    *,
    low: float | None = None,
    high: float | None = None,
    choices: tuple[str | int, ...] = (),
    plugins: str = "",
) -> Any:
    """A field; with ``plugins``, names that other packages add to that group are choices too."""
    meta = {"help": help_, "low": low, "high": high, "choices": choices, "plugins": plugins}
    return field(default=default, metadata=meta)


def allowed(setting: Mapping[str, Any]) -> str:
    """What a setting may be, in words, from its field's metadata."""
    if setting["choices"]:
        return "one of " + ", ".join(str(c).lower() for c in setting["choices"])
    if setting["low"] is None:
        return "any text"
    return f"from {setting['low']} to {setting['high']}"


class Section:
    """A section of ``dsbuild.toml``: a dataclass whose fields are made by ``_setting``.

    Refuses values of another type or out of range; whole numbers will do as floats.
    """

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]

    def __post_init__(self) -> None:
        for f in fields(self):
            value, kind = getattr(self, f.name), type(f.default)
            if not _is_allowed(value, kind, f.metadata):
                raise SettingsError(f"{f.name} = {value!r} is not allowed", _hint(f))
            if kind is float:
                # 2, 2.0 and -0.0, 0.0 are equal, so they must be the same bytes in a key.
                object.__setattr__(self, f.name, float(value) + 0.0)


def _added(meta: Mapping[str, Any]) -> tuple[str, ...]:
    """Choices that other packages add."""
    return plugin_names(meta["plugins"]) if meta["plugins"] else ()


def _is_allowed(value: Any, kind: type, meta: Mapping[str, Any]) -> bool:
    if type(value) is not kind and not (kind is float and type(value) is int):
        return False
    if meta["choices"]:
        return value in meta["choices"] or value in _added(meta)
    return meta["low"] is None or bool(meta["low"] <= value <= meta["high"])


def _hint(setting: Field[Any]) -> str:
    what = {int: "a whole number ", float: "a number "}.get(type(setting.default), "")
    range_ = allowed(setting.metadata)
    return f"{setting.name} takes {'' if setting.metadata['choices'] else what}{range_}"


@dataclass(frozen=True, slots=True)
class ExtractSettings(Section):
    """What decides the bytes that extraction writes; a change makes a video's record stale."""

    detector: str = _setting(
        "hog", "what finds faces", choices=("hog", "cnn", "haar"), plugins=DETECTORS
    )
    landmarks: int = _setting(
        68, "points a face: 68 (model for non-commercial use) or 5", choices=(68, 5)
    )
    faces: str = _setting(
        "target", "the face that covers most of a scene, or every face", choices=("target", "all")
    )
    faces_per_scene: int = _setting(50, "frames sampled a scene", low=1, high=1000)
    size_px: int = _setting(256, "side of a crop", low=32, high=2048)
    margin: float = _setting(1.3, "side of the crop over the length of the face", low=1.0, high=4.0)
    min_face_px: int = _setting(40, "smallest face wanted, side of its box", low=16, high=2000)
    min_face_share: float = _setting(
        0.07, "smallest face wanted, over the shorter side of the frame", low=0.0, high=1.0
    )
    min_width: int = _setting(0, "narrower videos are refused", low=0, high=65536)
    min_height: int = _setting(0, "lower videos are refused", low=0, high=65536)
    min_duration_s: float = _setting(0.0, "shorter videos are refused", low=0.0, high=86400.0)
    max_frame_megapixels: float = _setting(
        70.0, "larger frames are refused", low=0.001, high=1000.0
    )
    min_scene_s: float = _setting(0.6, "shortest scene", low=0.1, high=60.0)

    @property
    def key(self) -> str:
        """Sixteen hex digits that change with any setting and with the record's version."""
        text = json.dumps([RECORD_VERSION, asdict(self)], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class RunSettings(Section):
    """How a run uses the machine; never decides a byte of what it writes."""

    workers: int = _setting(0, "processes at once; 0 is one a core", low=0, high=1024)
    time_limit_s: float = _setting(3600.0, "for one video", low=1.0, high=864000.0)
    memory_limit_mb: int = _setting(3000, "for one video", low=300, high=1_000_000)

    @property
    def worker_count(self) -> int:
        """Processes at once, with 0 resolved to the cores that this process may use."""
        return self.workers or available_cores()


@dataclass(frozen=True, slots=True)
class SplitSettings(Section):
    """What decides the manifests; a change counts from the next split on."""

    test_share: float = _setting(0.2, "share of the faces to test on", low=0.01, high=0.9)
    val_share: float = _setting(0.1, "share to validate on; 0 for none", low=0.0, high=0.9)
    split_seed: int = _setting(0, "decides between splits that are as good", low=0, high=2**32 - 1)
    balance: str = _setting(
        "native_px", "columns in whose bins both classes get the same number of faces, or none"
    )
    balance_bins: int = _setting(4, "quantile bins of each such column", low=1, high=100)
    reviewed_only: bool = _setting(
        False, "only faces that a person has decided on", choices=(False, True)
    )
    positions: str = _setting(
        "", "names that are not people's, which join nothing: cam1, left, take*"
    )


def available_cores() -> int:
    """Cores that this process may use; macOS cannot say which, only how many there are."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@dataclass(frozen=True, slots=True)
class Settings:
    """All sections of ``dsbuild.toml``."""

    extract: ExtractSettings = field(default_factory=ExtractSettings)
    run: RunSettings = field(default_factory=RunSettings)
    split: SplitSettings = field(default_factory=SplitSettings)

    def override(self, **values: object) -> Self:
        """These settings with some replaced by name, in whichever section has the name.

        Values of None are passed over, so that a command line's options fit as they are.
        """
        given = {name: value for name, value in values.items() if value is not None}
        if unknown := given.keys() - FIELDS.keys():
            raise TypeError(f"no such setting: {', '.join(sorted(unknown))}")
        return replace(self, **{name: self._changed(name, given) for name in SECTIONS})

    def _changed(self, section: str, given: Mapping[str, object]) -> Any:
        own = {n: v for n, v in given.items() if n in SECTIONS[section].__dataclass_fields__}
        return replace(getattr(self, section), **cast(Any, own))


SECTIONS: dict[str, type[Section]] = {
    f.name: cast("type[Section]", f.default_factory) for f in fields(Settings)
}
"""From a section's name to its class."""

FIELDS: dict[str, Field[Any]] = {f.name: f for kind in SECTIONS.values() for f in fields(kind)}
"""Every setting by its name; no two sections share one."""


def parse_settings(data: bytes, place: str) -> Settings:
    """Settings from the bytes of a TOML file; what it leaves out has its default.

    ``place`` is where they lie, for people. Raises :class:`SettingsError` that names the key,
    what is allowed, the place and the line.
    """
    try:
        text = _text_of(data)
        tables = tomllib.loads(text)
    except UnicodeDecodeError as error:
        raise SettingsError(
            f"{place} is not UTF-8 text, at byte {error.start}", "save it as UTF-8"
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{place}: {error}", "see https://toml.io for the format") from error
    for name, table in tables.items():
        if name not in SECTIONS or not isinstance(table, dict):
            raise _no_section(f"{place}, line {_line(text, name)}", name)
    return Settings(**{name: _section(place, text, name, tables) for name in SECTIONS})


def _text_of(data: bytes) -> str:
    """Text whose lines end in the same way, whatever wrote it."""
    return data.decode().replace("\r\n", "\n").replace("\r", "\n")


def _no_section(where: str, name: str) -> SettingsError:
    for section, kind in SECTIONS.items():
        if name == section:
            return SettingsError(f"{where}: {name} is no section", f"write it as [{name}]")
        if name in kind.__dataclass_fields__:
            return SettingsError(
                f"{where}: {name} stands outside its section", f"put it below [{section}]"
            )
    return _unknown(f"{where}: unknown section", name, SECTIONS)


def _section(place: str, text: str, name: str, tables: Mapping[str, Any]) -> Any:
    kind = SECTIONS[name]
    values = tables.get(name, {})
    for key, value in values.items():
        where = f"{place}, line {_line(text, name, key)}"
        if key not in kind.__dataclass_fields__:
            raise _unknown(f"{where}: unknown key in [{name}]:", key, kind.__dataclass_fields__)
        try:
            kind(**{key: value})
        except SettingsError as error:
            raise SettingsError(f"{where}: {error}", error.hint) from error
    return kind(**values)


def _unknown(problem: str, name: str, known: Iterable[str]) -> SettingsError:
    near = get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"
    return SettingsError(f"{problem} {name}", hint)


def _line(text: str, *keys: str) -> int:
    """Number of the line that sets a key, as TOML parsers keep none.

    It is the first one with which the text up to there is sound and has the key.
    """
    lines = text.split("\n")
    for number in range(1, len(lines)):
        with suppress(tomllib.TOMLDecodeError, KeyError):
            reduce(getitem, keys, tomllib.loads("\n".join(lines[:number]) + "\n"))
            return number
    return len(lines)


def format_settings(settings: Settings, known: bytes | None = None) -> bytes:
    """The TOML file of settings; comments and order of the one ``known`` are kept."""
    import tomlkit  # only who writes settings waits for it

    document = _blank() if known is None else tomlkit.parse(_text_of(known))
    for name in SECTIONS:
        table = document.setdefault(name, tomlkit.table())
        for key, value in asdict(getattr(settings, name)).items():
            if table.get(key) != value:
                table[key] = value
    return tomlkit.dumps(document).encode()


def _blank() -> "TOMLDocument":
    """Every setting with its default, and what it is."""
    import tomlkit

    document = tomlkit.document()
    document.add(tomlkit.comment("Settings of this dataset; see docs/settings.md."))
    for name, kind in SECTIONS.items():
        table = tomlkit.table()
        for f in fields(kind):
            value = tomlkit.item(f.default)
            value.comment(f"{f.metadata['help']}; {allowed(f.metadata)}")
            table.add(f.name, value)
        document.add(tomlkit.nl())
        document.add(name, table)
    return document

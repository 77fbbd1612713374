import hashlib
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deepfake_dataset.sources import known_files
from deepfake_dataset.sources.discover import Found, find_videos
from deepfake_dataset.sources.known_files import RACY_NS, KnownFiles

Find = Callable[..., Found]
Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write files below tmp_path; each holds its own name unless told otherwise."""

    def write_file(name: str, content: bytes | str | None = None) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        data = str(path).encode("utf-8", "surrogateescape") if content is None else content
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        return path

    return write_file


@pytest.fixture
def find(tmp_path: Path) -> Find:
    """Find videos with a cache in tmp_path, read anew each time, as another run would."""

    def find_in(*paths: Path, labels: Path | None = None, verify: bool = False) -> Found:
        cache = KnownFiles(tmp_path / ".cache" / "fingerprints.sqlite")
        return find_videos(paths, labels, cache, verify)

    return find_in


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let files written just now count as written long ago."""
    now = time.time_ns
    monkeypatch.setattr(known_files.time, "time_ns", lambda: now() + 2 * RACY_NS)


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the files whose bytes were read, in order."""
    names: list[str] = []
    digest = hashlib.file_digest

    def counting(file: Any, algorithm: str) -> Any:
        names.append(Path(file.name).name)
        return digest(file, algorithm)

    monkeypatch.setattr(known_files.hashlib, "file_digest", counting)
    return names

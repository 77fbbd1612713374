import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pytest


@dataclass(frozen=True)
class Clip:
    """A video of a table of faces; its id follows from its path."""

    path: str
    label: str = "real"
    target: str = ""
    donor: str = ""
    method: str = ""
    codec: str = "h264"
    faces: int = 4
    native_px: float = 100.0
    scenes: int = 1
    reviewed: bool = False

    @property
    def video_id(self) -> str:
        return hashlib.sha256(self.path.encode()).hexdigest()[:16]


def _faces(clip: Clip) -> list[dict[str, object]]:
    rows = []
    for i in range(clip.faces):
        name = f"{clip.video_id}-{i:06}-0"
        rows.append(
            {
                "face_id": name,
                "video_id": clip.video_id,
                "video_path": clip.path,
                "crop": f"faces/{clip.video_id}/{name}.png",
                "label": clip.label,
                "method": clip.method,
                "target": clip.target,
                "donor": clip.donor,
                "codec": clip.codec,
                "scene": i * clip.scenes // max(1, clip.faces),
                "track": 0,
                "frame": i,
                "time_s": i / 25,
                "native_px": clip.native_px + i,
                "sha256": hashlib.sha256(name.encode()).hexdigest(),
                "reviewed": clip.reviewed,
            }
        )
    return rows


def tabled(clips: Sequence[Clip]) -> pa.Table:
    rows = [row for clip in sorted(clips, key=lambda c: c.video_id) for row in _faces(clip)]
    blank = Clip("")
    schema = pa.Table.from_pylist(_faces(blank)).schema
    return pa.Table.from_pylist(rows, schema=schema)


@pytest.fixture(scope="session")
def clip() -> type[Clip]:
    return Clip


@pytest.fixture(scope="session")
def table() -> Callable[[Sequence[Clip]], pa.Table]:
    return tabled


@pytest.fixture(scope="session")
def people() -> Callable[..., list[Clip]]:
    """So many people with a real and a forged video each, alike in all else."""

    def make(number: int, **values: object) -> list[Clip]:
        return [
            Clip(f"{label}/{i}.mp4", label, target=f"person {i}", **values)
            for i in range(number)
            for label in ("real", "fake")
        ]

    return make

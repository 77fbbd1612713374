"""``dsbuild demo``: videos made on the spot, and the dataset of them."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from deepfake_dataset.commands.extract import Progress, extract_faces
from deepfake_dataset.commands.sheet import draw_dataset
from deepfake_dataset.dataset.totals import Summary
from deepfake_dataset.storage.paths import StrPath, as_path


@dataclass(frozen=True, slots=True)
class Demo:
    """What the demo made."""

    videos: Path
    dataset: Path
    sheet: Path
    summary: Summary


def make_demo(folder: StrPath, on_progress: Callable[[Progress], None] = lambda _: None) -> Demo:
    """Film the demo's videos, extract their faces, draw the overview; all below ``folder``.

    Raises :class:`UsageError` where the ``demo`` extra is not installed.
    """
    from deepfake_dataset.demo import make_videos

    folder = as_path(folder, "folder")
    videos, dataset = folder / "videos", folder / "dataset"
    make_videos(videos)
    summary = extract_faces(
        [videos], dataset, labels=videos / "labels.csv", on_progress=on_progress
    )
    return Demo(videos, dataset, draw_dataset(dataset), summary)

"""``dsbuild audit``: who stands on two sides of a split, and what gives the label away."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from deepfake_dataset.dataset.dataset import Dataset
from deepfake_dataset.dataset.decisions import apply_decisions, read_decisions
from deepfake_dataset.dataset.face_table import read_faces
from deepfake_dataset.dataset.layout import SHORTCUT_PLOT, SIDES, manifest_key
from deepfake_dataset.errors import UsageError
from deepfake_dataset.records import Label
from deepfake_dataset.settings import Settings
from deepfake_dataset.sources.label_words import LABEL_WORDS
from deepfake_dataset.split.progress import OnProgress, no_progress
from deepfake_dataset.storage.paths import StrPath, as_paths

if TYPE_CHECKING:
    from deepfake_dataset.split.audit.audit_record import Audit
    from deepfake_dataset.split.audit.leak_checks import Leakage
    from deepfake_dataset.split.audit.manifest_or_image_folder import AuditedSide


def audit_dataset(dataset: StrPath) -> "Audit":
    """Audit the manifests of a dataset's last split; draws ``reports/shortcut.png``.

    What crosses is in the answer, and ``answer.leakage.refuse()`` raises LeakError for it.
    Raises :class:`UsageError` where nothing was split yet.
    """
    from deepfake_dataset.split.audit.audit_record import audit_split

    opened = Dataset.open(dataset)
    audited = _audited_sides(opened)
    faces = _faces(opened)
    paths = pa.concat_tables([side.rows.select(["path"]) for side in audited])["path"]
    audit = audit_split(
        audited,
        faces,
        _groups(opened, faces),
        np.asarray(pc.is_in(faces["crop"], paths).to_numpy()),
        positions=_positions(opened),
        cannot_links=_cannot_links(opened, faces),
        threads=opened.settings.run.worker_count,
    )
    draw_audit(opened, audit)
    return audit


def find_dataset_leaks(dataset: StrPath) -> "Leakage":
    """What crosses between the manifests of a dataset's last split; nothing is written.

    Raises :class:`UsageError` where nothing was split yet.
    """
    from deepfake_dataset.split.audit.leak_checks import find_leaks

    opened = Dataset.open(dataset)
    audited = _audited_sides(opened)
    cannot_links = _cannot_links(opened, _faces(opened))
    return find_leaks(
        audited,
        positions=_positions(opened),
        cannot_links=cannot_links,
        threads=opened.settings.run.worker_count,
    )


def _faces(dataset: Dataset) -> pa.Table:
    """The faces of known classes, as people left them."""
    faces = apply_decisions(read_faces(dataset), read_decisions(dataset))
    return faces.filter(pc.not_equal(faces["label"], str(Label.UNKNOWN))).combine_chunks()


def _positions(dataset: Dataset) -> list[str]:
    from deepfake_dataset.split.plan import positions_of

    return positions_of(dataset.settings.split)


def _cannot_links(dataset: Dataset, faces: pa.Table) -> set[frozenset[str]]:
    from deepfake_dataset.split.links.cannot_link import read_cannot_links
    from deepfake_dataset.split.video_table import videos_of

    return read_cannot_links(dataset.storage, videos_of(faces))


def _audited_sides(dataset: Dataset) -> "list[AuditedSide]":
    from deepfake_dataset.split.audit.manifest_or_image_folder import side_of_dataset

    storage, place = dataset.storage, dataset.storage.location()
    there = [side for side in SIDES if storage.stat(manifest_key(side))]
    if len(there) < 2:
        raise UsageError(f"{place} has no manifests", f"dsbuild split -d {place} makes them")
    return [side_of_dataset(storage, side) for side in there]


def _groups(dataset: Dataset, faces: pa.Table) -> list[str]:
    """The group of each face's video; a video that is in none is one of its own."""
    from deepfake_dataset.split.manifests.atomic_publication import read_record

    record = read_record(dataset.storage)
    group = {video.video_id: video.group_id for video in record.videos} if record else {}
    return [group.get(id_) or id_ for id_ in faces["video_id"].to_pylist()]


def draw_audit(dataset: Dataset, audit: "Audit") -> None:
    """Draw how well the label can be told without pixels."""
    from deepfake_dataset.split.audit.shortcut_plot import draw_shortcut

    dataset.storage.put(SHORTCUT_PLOT, draw_shortcut(audit))


def audit_files(
    sides: StrPath | Sequence[StrPath],
    *,
    positions: Sequence[str] = (),
    workers: int | None = None,
    on_progress: OnProgress = no_progress,
) -> "Audit":
    """Audit manifests, or folders of images, of whatever origin: one a side.

    Nothing is written. What a manifest does not say is taken from its images where they lie
    below its folder or the one above; what cannot be checked is said in the answer.

    Raises :class:`UsageError` for fewer than two sides, and ManifestError for one that cannot
    be read.
    """
    from deepfake_dataset.split.audit.audit_record import audit_sides
    from deepfake_dataset.split.audit.manifest_or_image_folder import (
        fill_from_images,
        measure_images,
        read_side,
    )

    paths = as_paths(sides, "sides")
    if len({side.absolute() for side in paths}) < 2:
        raise UsageError(
            "an audit of manifests needs two different ones",
            "dsbuild audit TRAIN.csv TEST.csv; or -d DATASET for a dataset's own",
        )
    workers = workers or Settings().run.worker_count
    audited = [read_side(side, label_of_folder) for side in paths]
    measures = []
    for done, side in enumerate(audited, start=1):
        measures.append(measure_images(side, workers))
        on_progress("sides looked at", done, len(audited))
    filled = [fill_from_images(*pair) for pair in zip(audited, measures, strict=True)]
    return audit_sides(filled, measures, positions=positions, threads=workers)


def label_of_folder(name: str) -> Label | None:
    """What the name of a folder says of the images in it."""
    label = LABEL_WORDS.get(name.lower())
    return None if label is Label.UNKNOWN else label

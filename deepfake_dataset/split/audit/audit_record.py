"""Audits a split: leaks, and the shortcut before and after balancing; what audit.json holds."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from deepfake_dataset.dataset.schema import to_row
from deepfake_dataset.records import Label
from deepfake_dataset.split.audit.leak_checks import Leakage, find_leaks
from deepfake_dataset.split.audit.manifest_or_image_folder import AuditedSide, ImageMeasures
from deepfake_dataset.split.audit.non_pixel_features import (
    NEEDED_COLUMNS,
    face_features,
    manifest_features,
)
from deepfake_dataset.split.audit.shortcut_classifier import Shortcut, find_shortcut

GROUPS = ("group_id", "video_id", "target")
"""Columns by which the rows of a manifest are kept together, the best one first."""
_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Audit:
    """What is wrong with a split: all of ``manifests/audit.json``."""

    leakage: Leakage
    before: Shortcut | None
    """Of all faces that could be chosen; None where only manifests are known."""
    after: Shortcut
    """Of the faces in the manifests."""
    unreadable: tuple[str, ...] = ()
    """Rows whose image was looked for and is gone or no picture; the first few."""


def audit_split(
    sides: Sequence[AuditedSide],
    faces: pa.Table,
    groups: Sequence[str],
    selected: NDArray[np.bool_],
    *,
    positions: Collection[str] = (),
    cannot_links: Collection[frozenset[str]] = (),
    threads: int = 1,
) -> Audit:
    """Audit a split of a dataset.

    ``faces`` are those that could be chosen, of known classes, with their group; ``selected``
    says which are in the manifests that ``sides`` are. ``positions`` and ``cannot_links`` as in
    :func:`deepfake_dataset.split.audit.leak_checks.find_leaks`.
    """
    rows = faces.select([*NEEDED_COLUMNS, "label"]).append_column(
        "group", pa.array(groups, pa.string())
    )
    return Audit(
        leakage=find_leaks(sides, positions=positions, cannot_links=cannot_links, threads=threads),
        before=_shortcut_of_faces(rows),
        after=_shortcut_of_faces(rows.filter(pa.array(selected))),
    )


def _shortcut_of_faces(faces: pa.Table) -> Shortcut:
    features = face_features(faces)
    return find_shortcut(features, _is_fake(faces), faces["group"], faces["video_id"])


def audit_sides(
    sides: Sequence[AuditedSide],
    measures: Sequence[Sequence[ImageMeasures | None]],
    *,
    positions: Collection[str] = (),
    threads: int = 1,
) -> Audit:
    """Audit manifests or folders of images of whatever origin, as far as they tell."""
    features, fake, groups, unreadable = [], [], [], []
    for side, images in zip(sides, measures, strict=True):
        known = pc.is_in(side.rows["label"], pa.array([str(Label.REAL), str(Label.FAKE)]))
        features.append(manifest_features(side, images).filter(known))
        fake.append(_is_fake(side.rows.filter(known)))
        groups += _groups(side, known)
        unreadable += _unreadable(side, images)
    table = pa.concat_tables(features, promote_options="permissive")
    together = pa.array(groups, pa.string())
    return Audit(
        leakage=find_leaks(sides, positions=positions, threads=threads),
        before=None,
        after=find_shortcut(table, np.concatenate(fake), together, together),
        unreadable=tuple(unreadable),
    )


def _unreadable(side: AuditedSide, images: Sequence[ImageMeasures | None]) -> list[str]:
    missing = [row for row, image in enumerate(images) if image is None and side.root]
    return [side.place(row) for row in missing[:_SHOWN]]


def _groups(side: AuditedSide, known: pa.ChunkedArray) -> list[str]:
    """The group of each row; where none is known every row is one."""
    rows = side.rows.append_column("place", pa.array(range(side.rows.num_rows)))
    rows = rows.filter(known)
    for name in GROUPS:
        if pc.all(pc.fill_null(pc.not_equal(rows[name], ""), False)).as_py():
            return [f"{name} {value}" for value in rows[name].to_pylist()]
    return [f"{side.source} {place}" for place in rows["place"].to_pylist()]


def _is_fake(rows: pa.Table) -> NDArray[np.bool_]:
    fake = pc.equal(rows["label"], str(Label.FAKE))
    return np.asarray(pc.fill_null(fake, False).to_numpy(), np.bool_)


def audit_as_json(audit: Audit) -> bytes:
    """The file ``audit.json``; the same audit gives the same bytes."""
    text = json.dumps(to_row(audit), ensure_ascii=False, indent=2, allow_nan=False)
    return f"{text}\n".encode()

"""A whole audit: leakage, and the shortcut before and after faces were drawn."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from deepfake_dataset.dataset.schema import to_row
from deepfake_dataset.records import Label
from deepfake_dataset.split.audit.external_sets import Listing, Looked
from deepfake_dataset.split.audit.leakage import Leakage, find_leaks
from deepfake_dataset.split.audit.non_pixel_features import (
    NEEDED,
    traits_of_faces,
    traits_of_listing,
)
from deepfake_dataset.split.audit.shortcut import Shortcut, find_shortcut

GROUPS = ("group_id", "video_id", "target")
"""Columns by which the rows of a manifest are kept together, the best one first."""
_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Audit:
    """What is wrong with a split: all of ``manifests/audit.json``."""

    leakage: Leakage
    before: Shortcut | None
    """Of all faces that could be drawn; None where only manifests are known."""
    after: Shortcut
    """Of the faces in the manifests."""
    unreadable: tuple[str, ...] = ()
    """Rows whose image was looked for and is gone or no picture; the first few."""


def audit_split(
    listings: Sequence[Listing],
    faces: pa.Table,
    groups: Sequence[str],
    drawn: NDArray[np.bool_],
    *,
    positions: Collection[str] = (),
    cuts: Collection[frozenset[str]] = (),
) -> Audit:
    """Audit a split of a dataset.

    ``faces`` are those that could be drawn, of known classes, with their group; ``drawn``
    says which are in the manifests that ``listings`` are. ``positions`` and ``cuts`` as in
    :func:`deepfake_dataset.split.audit.leakage.find_leaks`.
    """
    told = faces.select([*NEEDED, "label"]).append_column("group", pa.array(groups, pa.string()))
    return Audit(
        leakage=find_leaks(listings, positions=positions, cuts=cuts),
        before=_shortcut_of_faces(told),
        after=_shortcut_of_faces(told.filter(pa.array(drawn))),
    )


def _shortcut_of_faces(faces: pa.Table) -> Shortcut:
    traits = traits_of_faces(faces)
    return find_shortcut(traits, _is_fake(faces), faces["group"], faces["video_id"])


def audit_listings(
    listings: Sequence[Listing],
    looked: Sequence[Sequence[Looked | None]],
    *,
    positions: Collection[str] = (),
) -> Audit:
    """Audit manifests or folders of images of whatever origin, as far as they tell."""
    traits, fake, groups, unreadable = [], [], [], []
    for listing, images in zip(listings, looked, strict=True):
        known = pc.is_in(listing.rows["label"], pa.array([str(Label.REAL), str(Label.FAKE)]))
        traits.append(traits_of_listing(listing, images).filter(known))
        fake.append(_is_fake(listing.rows.filter(known)))
        groups += _groups(listing, known)
        unreadable += _unreadable(listing, images)
    table = pa.concat_tables(traits, promote_options="permissive")
    together = pa.array(groups, pa.string())
    return Audit(
        leakage=find_leaks(listings, positions=positions),
        before=None,
        after=find_shortcut(table, np.concatenate(fake), together, together),
        unreadable=tuple(unreadable),
    )


def _unreadable(listing: Listing, images: Sequence[Looked | None]) -> list[str]:
    missing = [row for row, image in enumerate(images) if image is None and listing.root]
    return [listing.place(row) for row in missing[:_SHOWN]]


def _groups(listing: Listing, known: pa.ChunkedArray) -> list[str]:
    """The group of each row; where none is known every row is one."""
    rows = listing.rows.append_column("place", pa.array(range(listing.rows.num_rows)))
    rows = rows.filter(known)
    for name in GROUPS:
        if pc.all(pc.fill_null(pc.not_equal(rows[name], ""), False)).as_py():
            return [f"{name} {value}" for value in rows[name].to_pylist()]
    return [f"{listing.file} {place}" for place in rows["place"].to_pylist()]


def _is_fake(rows: pa.Table) -> NDArray[np.bool_]:
    fake = pc.equal(rows["label"], str(Label.FAKE))
    return np.asarray(pc.fill_null(fake, False).to_numpy(), np.bool_)


def write_audit(path: Path, audit: Audit) -> None:
    """Write it as JSON; the same audit gives the same bytes. Not atomic."""
    text = json.dumps(to_row(audit), ensure_ascii=False, indent=2, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8")

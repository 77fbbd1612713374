"""``dsbuild audit``."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from deepfake_dataset.cli.app import JsonOption, app
from deepfake_dataset.cli.console import print_json, say
from deepfake_dataset.errors import UsageError

if TYPE_CHECKING:
    from deepfake_dataset.split.audit.audit_record import Audit
    from deepfake_dataset.split.audit.leak_checks import Leakage
    from deepfake_dataset.split.audit.shortcut_classifier import Shortcut

_SHOWN = 4


@app.command()
def audit(
    sides: Annotated[
        list[Path] | None,
        typer.Argument(metavar="TRAIN TEST …", help="Manifests, or folders of images."),
    ] = None,
    dataset: Annotated[
        Path | None,
        typer.Option("-d", "--dataset", metavar="DATASET", help="Audit its last split."),
    ] = None,
    positions: Annotated[
        str,
        typer.Option(metavar="NAMES", help="Names that are not people's: cam1, left, take*."),
    ] = "",
    as_json: JsonOption = False,
) -> None:
    """Prove that nothing stands on two sides, and try to tell the label without the pixels."""
    from deepfake_dataset.commands.audit import audit_dataset, audit_files

    if bool(sides) == bool(dataset):
        raise UsageError(
            "an audit needs a dataset or manifests, and not both",
            "dsbuild audit -d DATASET, or dsbuild audit TRAIN.csv TEST.csv",
        )
    names = [name.strip() for name in positions.split(",") if name.strip()]
    found = audit_dataset(dataset) if dataset else audit_files(sides or [], positions=names)
    print_audit(found)
    if as_json:
        print_json(found)
    found.leakage.refuse()


def print_audit(found: "Audit") -> None:
    """What was looked for and found, in the order in which it matters."""
    _print_leakage(found.leakage)
    say("shortcut: AUC of telling real from fake without the pixels, .5 is chance")
    if found.before:
        say(f"  before balancing  {_auc(found.before)}")
    say(f"  {'after balancing ' if found.before else 'as it is        '}  {_auc(found.after)}")
    for place in found.unreadable:
        say(f"cannot be read: {place}")
    if found.after.verdict == "shortcut":
        features = ",".join(found.after.worst_features)
        say("warning: the label can be told without looking at a face")
        if found.before:
            say(f"  hint: dsbuild split --balance {features}")
        else:
            say(f"  hint: make both classes alike in {features}")


def _print_leakage(leakage: "Leakage") -> None:
    sides = ", ".join(f"{side.name} {side.rows}" for side in leakage.sides)
    clean = [check.kind for check in leakage.checks if not check.crossings and not check.unchecked]
    say(f"leakage: {sides} rows{f'; clean: {_listed(clean)}' if clean else ''}")
    for check in leakage.checks:
        if check.unchecked:
            say(f"  {check.kind:<14}  not checked: {check.unchecked}")
        elif check.crossings:
            say(f"  {check.kind:<14}  {check.crossings} on two sides")


def _listed(words: Sequence[str]) -> str:
    return ", ".join(words)


def _auc(shortcut: "Shortcut") -> str:
    groups = f"{shortcut.groups_real} real and {shortcut.groups_fake} fake groups"
    if shortcut.auc is None:
        return f"too few groups to tell: {groups}"
    auc = f"{_short(shortcut.auc)} ({_short(shortcut.low)} to {_short(shortcut.high)})"
    if shortcut.verdict == "too few groups to tell":
        return f"too few groups to tell: {groups}, {auc}"
    best = [f"{t.name} {_short(t.alone)}" for t in shortcut.traits[:_SHOWN] if t.alone > 0.5]
    return f"{auc} over {groups}{f'; best alone: {_listed(best)}' if best else ''}"


def _short(auc: float | None) -> str:
    return "?" if auc is None else f"{auc:.2f}".removeprefix("0")

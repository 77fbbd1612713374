"""``dsbuild status`` and ``dsbuild errors``."""

from deepfake_dataset.cli.app import DatasetOption, JsonOption, app
from deepfake_dataset.cli.console import print_json, say
from deepfake_dataset.cli.print_totals import print_errors, print_totals


@app.command()
def status(dataset: DatasetOption, as_json: JsonOption = False) -> None:
    """Show what a dataset holds."""
    from deepfake_dataset.cli.print_review import print_review_status
    from deepfake_dataset.cli.print_upkeep import print_upkeep
    from deepfake_dataset.commands.review_status import read_review_status
    from deepfake_dataset.commands.status import read_status, read_upkeep

    totals, upkeep = read_status(dataset), read_upkeep(dataset)
    reviewed = read_review_status(dataset)
    print_totals(totals)
    print_review_status(reviewed)
    print_upkeep(upkeep)
    if as_json:
        print_json(totals, upkeep=upkeep, review=reviewed)


@app.command()
def errors(dataset: DatasetOption, as_json: JsonOption = False) -> None:
    """List the videos that failed or were refused, why, and what to do."""
    from deepfake_dataset.commands.status import read_errors, read_upkeep

    listed = read_errors(dataset)
    print_errors(listed)
    if given_up := read_upkeep(dataset).given_up:
        say(f"{given_up} given up after three runs: dsbuild retry -d {dataset} tries them again")
    if as_json:
        print_json(listed)

"""``dsbuild status`` and ``dsbuild errors``."""

from deepfake_dataset.cli.app import DatasetOption, JsonOption, app
from deepfake_dataset.cli.console import print_json
from deepfake_dataset.cli.totals import print_errors, print_totals


@app.command()
def status(dataset: DatasetOption, as_json: JsonOption = False) -> None:
    """Show what a dataset holds."""
    from deepfake_dataset.commands.status import read_status

    totals = read_status(dataset)
    print_totals(totals)
    if as_json:
        print_json(totals)


@app.command()
def errors(dataset: DatasetOption, as_json: JsonOption = False) -> None:
    """List the videos that failed or were refused, why, and what to do."""
    from deepfake_dataset.commands.status import read_errors

    listed = read_errors(dataset)
    print_errors(listed)
    if as_json:
        print_json(listed)

"""The command line: ``mammopair demo | classify | batch | evaluate | train | ...``.

Exit codes: 0, all done; 1, some input could not be used, each named; 2, wrong usage; 130, stopped.
"""

from __future__ import annotations

import sys

import typer

from mammopair import RESEARCH_USE_ONLY, __version__
from mammopair.cli import (
    batch,
    classify,
    compare,
    correlate,
    crossval,
    demo,
    evaluate,
    faithfulness,
    handcrafted,
    info,
    train,
)
from mammopair.errors import InputError

STOPPED = 130
"""The exit code that typer gives when the user stops it with Ctrl-C, as shells do."""

app = typer.Typer(
    name="mammopair",
    help=f"A calibrated probability of malignancy, with evidence, for a marked breast mass on "
    f"paired mammogram views.\n\n{RESEARCH_USE_ONLY}",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_show_locals=False,
)
app.command("demo")(demo.demo)
app.command("classify")(classify.classify)
app.command("batch")(batch.batch)
app.command("evaluate")(evaluate.evaluate)
app.command("train")(train.train)
app.command("crossval")(crossval.crossval)
app.command("compare")(compare.compare)
app.command("correlate")(correlate.correlate)
app.command("faithfulness")(faithfulness.faithfulness)
app.command("handcrafted")(handcrafted.handcrafted)
app.command("info")(info.info)


@app.callback(invoke_without_command=True)
def _version(
    version: bool = typer.Option(False, "--version", help="Print the version and stop."),
) -> None:
    if version:
        print(f"mammopair {__version__}")
        raise typer.Exit


def main() -> None:
    """Run the command line; what the user can mend is one sentence, not a traceback."""
    try:
        app()
    except InputError as error:
        print(f"mammopair: {error}", file=sys.stderr)
        sys.exit(1)
    except SystemExit as ended:
        if ended.code == STOPPED:
            print("mammopair: stopped; what was finished is kept.", file=sys.stderr)
        raise

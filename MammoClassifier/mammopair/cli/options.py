"""Options that several commands share, under one name and one help text each."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Model = Annotated[
    str | None,
    typer.Option("--model", "-m", help="An ensemble that ships, by name, or an ensemble's folder."),
]
Device = Annotated[
    str, typer.Option("--device", help="`auto`, `cuda`, `mps` or `cpu`.", show_default=True)
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON on standard output, for machines.")]
Out = Annotated[
    Path, typer.Option("--out", "-o", help="Folder for what is written.", show_default=True)
]
Dicom = Annotated[
    bool,
    typer.Option(
        "--dicom", help="Write the results as DICOM objects too: report, evidence, picture."
    ),
]
Prevalence = Annotated[
    float | None,
    typer.Option(
        help="Share of malignant masses where the result is to hold, as 0.1; "
        "that of the training lesions otherwise."
    ),
]
Coverage = Annotated[
    float | None,
    typer.Option(help="Stated coverage of the set of classes, as 0.95; the ensemble's otherwise."),
]
Explain = Annotated[
    bool,
    typer.Option(
        "--explain/--no-explain",
        help="Add the mass moved towards benign and malignant, and the map that measured best, "
        "or else a finer one; seconds a view.",
    ),
]

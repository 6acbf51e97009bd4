"""Options and arguments shared by the research commands."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

CropFolder = Annotated[
    Path, typer.Argument(metavar="FOLDER", help="Crop folder: crops.csv and its images.")
]
Data = Annotated[Path, typer.Option(help="Crop folder: crops.csv and its images.")]
RecipeName = Annotated[
    str,
    typer.Argument(
        metavar="RECIPE",
        help="Name of a recipe of this package, such as light-googlenet or matrix/vgg, or a TOML "
        "file.",
    ),
]
AllLesions = Annotated[
    bool, typer.Option("--all", help="Use all lesions instead of a sample; takes hours.")
]
Seed = Annotated[int, typer.Option(help="Random seed for sampling lesions.")]

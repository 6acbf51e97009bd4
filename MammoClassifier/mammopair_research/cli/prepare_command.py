"""``mammopair-research prepare``: crop folders from public collections as they are downloaded."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mammopair_research.datasets.cbis_ddsm.case_descriptions import Split

if TYPE_CHECKING:
    from mammopair_research.datasets.cbis_ddsm.preparation import Preparation

prepare = typer.Typer(
    name="prepare",
    help="Prepare a crop folder for training from a public collection.",
    no_args_is_help=True,
)


@prepare.command("cbis-ddsm")
def cbis_ddsm(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="FOLDER",
            help="Folder with the downloaded CBIS-DDSM series and case descriptions.",
            exists=True,
            file_okay=False,
        ),
    ],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="Crop folder to write.")],
    split: Annotated[
        Split, typer.Option(help="Official split of the patients.", show_default=True)
    ] = Split.TRAIN,
    for_final_evaluation: Annotated[
        bool,
        typer.Option(
            "--for-final-evaluation",
            help="Required with `--split test`: the test patients serve one final evaluation, "
            "never training, tuning or the choice of a model.",
        ),
    ] = False,
) -> None:
    """Prepare the masses of CBIS-DDSM as The Cancer Imaging Archive delivers them.

    Cuts each mass from its full-resolution film and writes `OUT/crops`, `OUT/crops.csv` and
    `OUT/report.csv`, which lists what did not match. Run the same command again to continue after
    an interruption, or to add masses after a further download.

        mammopair-research prepare cbis-ddsm downloads/CBIS-DDSM data/cbis-ddsm

    Exit code 1: at least one mass was left out; the report names it.
    """
    from mammopair.cli.terminal import run_with_bar
    from mammopair_research.datasets.cbis_ddsm.preparation import prepare_crop_folder

    if split is Split.TEST and not for_final_evaluation:
        raise typer.BadParameter(
            "the official test split is reserved for one final evaluation; "
            "add --for-final-evaluation if this is what you prepare it for"
        )
    if split is not Split.TEST and for_final_evaluation:
        raise typer.BadParameter("--for-final-evaluation is used with --split test only")
    preparation = run_with_bar(prepare_crop_folder(folder, out, split))
    _print_summary(preparation, out)
    raise typer.Exit(1 if preparation.left_out else 0)


def _print_summary(preparation: Preparation, out: Path) -> None:
    """Counts of rows and of discrepancies by kind, and what to do next."""
    from mammopair.cli.terminal import output
    from mammopair.io.crop_folder import INDEX
    from mammopair_research.datasets.cbis_ddsm.report import REPORT

    console = output()
    rows = preparation.rows
    if rows:
        patients = len({row.patient_id for row in rows})
        pairs = len({row.pair_id for row in rows if row.pair_id})
        malignant = sum(row.label for row in rows)
        console.print(
            f"{len(rows)} crops of {patients} patients ({malignant} malignant, {pairs} pairs of "
            f"CC and MLO) are in {(out / INDEX).as_posix()}; {preparation.kept} of them are from "
            "an earlier run."
        )
    else:
        console.print(f"No crop was cut, so {(out / INDEX).as_posix()} was not written.")
    for entries, heading in (
        (preparation.left_out, "left out"),
        ([entry for entry in preparation.discrepancies if not entry.left_out], "notes"),
    ):
        counts = Counter(entry.code.value for entry in entries)
        if counts:
            listed = ", ".join(f"{code} {count}" for code, count in sorted(counts.items()))
            console.print(f"{len(entries)} {heading}: {listed}.")
    console.print(f"{(out / REPORT).as_posix()}  [dim]every mass left out and every note[/dim]")

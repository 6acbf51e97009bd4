"""``mammopair classify``: the lesions of a table, or one lesion marked by options."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mammopair.batch.lesion_source import LesionSource, ListSource, TableSource
from mammopair.batch.run_options import RunOptions
from mammopair.cli.dicomweb_study import classify_study
from mammopair.cli.marked_lesion import Corners, MarkedFile, ProjectionName, make_lesion
from mammopair.cli.options import Json, Out, with_run_options
from mammopair.cli.run_output import classify_and_print
from mammopair.io.dicom import NotDicomError, read_header
from mammopair.io.lesion_table import LATERALITIES, read_lesion_table
from mammopair.io.view_names import parse_name

if TYPE_CHECKING:
    MarkedViews = Mapping[ProjectionName, tuple[Path | None, Corners | None]]


@with_run_options(page=True)
def classify(
    table: Annotated[
        Path | None,
        typer.Argument(metavar="TABLE", help="Lesion table: CSV, one row per view of a lesion."),
    ] = None,
    cc: Annotated[
        Path | None, typer.Option(help="Image file of the CC view of one lesion.")
    ] = None,
    cc_box: Annotated[
        tuple[float, float, float, float] | None,
        typer.Option(
            help="Box around the mass on the CC view: X Y WIDTH HEIGHT, in stored pixels from the "
            "top left corner."
        ),
    ] = None,
    mlo: Annotated[Path | None, typer.Option(help="Image file of the MLO view.")] = None,
    mlo_box: Annotated[
        tuple[float, float, float, float] | None,
        typer.Option(help="Box around the mass on the MLO view."),
    ] = None,
    laterality: Annotated[
        str | None,
        typer.Option(help="`L` or `R`; by default as in the files."),
    ] = None,
    out: Out = Path("mammopair-out"),
    dicomweb: Annotated[
        str | None,
        typer.Option(
            help="URL of a DICOMweb archive: read --study from it and store the results in it."
        ),
    ] = None,
    study: Annotated[str | None, typer.Option(help="Study Instance UID in the archive.")] = None,
    as_json: Json = False,
    *,
    options: RunOptions,
) -> None:
    r"""Classify marked masses as benign or malignant, with evidence maps.

    The lesions of a table with the columns `case_id, lesion_id, laterality, view, file, box_x,
    box_y, box_w, box_h` and optionally `label`:

        mammopair classify lesions.csv --out results

    One mass, on one view or on both:

        mammopair classify --cc rcc.dcm --cc-box 2104 1216 247 255

        mammopair classify --cc rcc.dcm --cc-box 2104 1216 247 255 \
                           --mlo rmlo.dcm --mlo-box 1640 1952 255 287

    If malignant masses are less frequent than in the training data, specify their prevalence:

        mammopair classify lesions.csv --prevalence 0.1

    A study in a DICOMweb archive; the DICOM results are stored in the same study. A table lists
    SOP Instance UIDs as files. Credentials are read from MAMMOPAIR_DICOMWEB_USER and
    MAMMOPAIR_DICOMWEB_PASSWORD, from MAMMOPAIR_DICOMWEB_TOKEN, or from a netrc file:

        mammopair classify --dicomweb https://host/dicom-web --study 1.2.840.1 \
                           --laterality R --cc-box 2104 1216 247 255

    Earlier results in OUT are replaced; `mammopair batch` gives the same results for many lesions
    and can be resumed. --json prints the records as one JSON array.

    Exit codes: 0, all lesions classified; 1, some lesions failed, each with a message; 2, wrong
    usage.
    """
    if bool(dicomweb) != bool(study):
        raise typer.BadParameter("specify --dicomweb and --study together")
    if table is not None and (cc or mlo):
        raise typer.BadParameter("specify a lesion table or single views, not both")
    if laterality is not None and laterality.upper() not in ("L", "R", "LEFT", "RIGHT"):
        raise typer.BadParameter(f"--laterality is {laterality!r}; specify L or R")
    if dicomweb and study:
        if cc or mlo or (table is not None and (cc_box or mlo_box)):
            raise typer.BadParameter("with --dicomweb specify boxes or a lesion table, no files")
        boxes: Mapping[ProjectionName, Corners | None] = {"CC": cc_box, "MLO": mlo_box}
        lesions = boxes if table is None else table
        code = classify_study(
            dicomweb, study, lesions, laterality, out=out, options=options, as_json=as_json
        )
    else:
        views: MarkedViews = {"CC": (cc, cc_box), "MLO": (mlo, mlo_box)}
        source = _marked(views, laterality) if table is None else _table(table)
        code = classify_and_print(source, out, options, as_json=as_json)
    raise typer.Exit(code)


def _table(table: Path) -> LesionSource:
    """Validate the whole table before any work, as the user is waiting for the result."""
    read_lesion_table(table)
    return TableSource(table)


def _marked(views: MarkedViews, laterality: str | None) -> LesionSource:
    """The lesion that options mark."""
    marked: dict[ProjectionName, MarkedFile] = {}
    for projection, (file, box) in views.items():
        option = f"--{projection.lower()}"
        if (file is None) != (box is None):
            raise typer.BadParameter(f"specify {option} and {option}-box together")
        if file is None or box is None:
            continue
        side = laterality or _laterality_of(file)
        if side is None:
            raise typer.BadParameter(f"{file} has no laterality; specify --laterality L or R")
        marked[projection] = MarkedFile(file, box, LATERALITIES[side.upper()])
    if not marked:
        raise typer.BadParameter("specify a lesion table, or --cc or --mlo with its box")
    first = next(iter(marked.values())).file
    case_id = first.parent.name or first.stem
    return ListSource([make_lesion(case_id, marked)], "Marked masses")


def _laterality_of(file: Path) -> str | None:
    """Read the laterality from the header of a DICOM file, or the name of another image."""
    try:
        return read_header(file).laterality
    except NotDicomError:
        return parse_name(file.stem).laterality

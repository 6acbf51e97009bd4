"""``mammopair classify``: a manifest of lesions, or one lesion named on the command line."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from mammopair.cli import options

if TYPE_CHECKING:
    from mammopair.io.lesion_table import TableLesion


def classify(
    manifest: Annotated[
        Path | None, typer.Argument(help="CSV table, one row a view of a lesion.")
    ] = None,
    cc: Annotated[Path | None, typer.Option(help="The CC view of one lesion.")] = None,
    cc_box: Annotated[
        tuple[float, float, float, float] | None,
        typer.Option(help="Its mass: X Y WIDTH HEIGHT in stored pixels from the top left corner."),
    ] = None,
    mlo: Annotated[Path | None, typer.Option(help="The MLO view of the lesion.")] = None,
    mlo_box: Annotated[
        tuple[float, float, float, float] | None, typer.Option(help="Its mass, likewise.")
    ] = None,
    laterality: Annotated[
        str | None, typer.Option(help="`L` or `R`, where the files do not say.")
    ] = None,
    out: options.Out = Path("mammopair-out"),
    model: options.Model = None,
    device: options.Device = "auto",
    as_json: options.Json = False,
    dicom: options.Dicom = False,
    prevalence: options.Prevalence = None,
    coverage: options.Coverage = None,
    explain: options.Explain = False,
    dicomweb: Annotated[
        str | None, typer.Option(help="A DICOM archive: read --study from it, store results in it.")
    ] = None,
    study: Annotated[str | None, typer.Option(help="Study Instance UID in the archive.")] = None,
) -> None:
    r"""Classify marked masses as benign or malignant, with the evidence.

    From a table with the columns `case_id, lesion_id, laterality, view, file, box_x, box_y,
    box_w, box_h` and optionally `label`:

        mammopair classify lesions.csv --out results

    Or one mass, on one view or both:

        mammopair classify --cc rcc.dcm --cc-box 2104 1216 247 255

        mammopair classify --cc rcc.dcm --cc-box 2104 1216 247 255 \
                           --mlo rmlo.dcm --mlo-box 1640 1952 255 287

    Where malignancy is rarer than among the training's masses, say how frequent it is:

        mammopair classify lesions.csv --prevalence 0.1

    Or in a study of a DICOM archive, into which the results go back; a table names each file by
    its SOP Instance UID. Credentials come from MAMMOPAIR_DICOMWEB_USER and
    MAMMOPAIR_DICOMWEB_PASSWORD, MAMMOPAIR_DICOMWEB_TOKEN, or a netrc file:

        mammopair classify --dicomweb https://host/dicom-web --study 1.2.840.1 \
                           --laterality R --cc-box 2104 1216 247 255
    """
    from mammopair.cli.classify_output import classify_and_report
    from mammopair.io.lesion_table import read_lesion_table

    if bool(dicomweb) != bool(study):
        raise typer.BadParameter("--dicomweb and --study go together")
    if manifest is not None and (cc or mlo):
        raise typer.BadParameter("give a manifest or single views, not both")
    if dicomweb and study:
        from mammopair.cli.dicomweb_study import classify_study

        if cc or mlo or (manifest is not None and (cc_box or mlo_box)):
            raise typer.BadParameter("with --dicomweb give boxes or a manifest, and no files")
        code = classify_study(
            dicomweb,
            study,
            manifest=manifest,
            boxes={"CC": cc_box, "MLO": mlo_box},
            laterality=laterality,
            out=out,
            model=model,
            device=device,
            as_json=as_json,
            prevalence=prevalence,
            coverage=coverage,
        )
        raise typer.Exit(code)
    if manifest is not None:
        entries = read_lesion_table(manifest)
    else:
        entries = [one_lesion({"CC": (cc, cc_box), "MLO": (mlo, mlo_box)}, laterality)]
    code = classify_and_report(
        entries,
        out,
        model=model,
        device=device,
        as_json=as_json,
        title="Marked masses" if manifest is None else manifest.stem,
        dicom=dicom,
        prevalence=prevalence,
        coverage=coverage,
        explain=explain,
    )
    raise typer.Exit(code)


def one_lesion(
    views: dict[Literal["CC", "MLO"], tuple[Path | None, tuple[float, float, float, float] | None]],
    laterality: str | None,
) -> TableLesion:
    """The lesion that the options name, as an entry of a manifest would have it."""
    from mammopair.io.lesion_table import LATERALITIES, LesionTableRow, TableLesion
    from mammopair.io.reader import read_view

    if laterality is not None and laterality.upper() not in LATERALITIES:
        raise typer.BadParameter(f"--laterality is {laterality!r}; give L or R")
    rows = []
    for projection, (file, box) in views.items():
        if file is None and box is None:
            continue
        option = f"--{projection.lower()}"
        if file is None or box is None:
            raise typer.BadParameter(f"{option} and {option}-box go together")
        side = laterality or read_view(file).laterality
        if side is None:
            raise typer.BadParameter("the files do not name the breast; give --laterality L or R")
        x, y, width, height = box
        rows.append(
            LesionTableRow(
                case_id=file.parent.name or file.stem,
                lesion_id="1",
                laterality=LATERALITIES[side.upper()],
                view=projection,
                file=str(file),
                box_x=x,
                box_y=y,
                box_w=width,
                box_h=height,
            )
        )
    if not rows:
        raise typer.BadParameter("give a manifest, or --cc or --mlo with its box")
    return TableLesion(tuple(rows))

"""From trained members to an ensemble that ships: weights, folds, calibration, figures, card."""

from __future__ import annotations

import csv
import shutil
from collections import defaultdict
from collections.abc import Generator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from mammopair import __version__
from mammopair.crop import CONTEXT, SMALLEST_MM
from mammopair.errors import InputError
from mammopair.model.ensemble import Ensemble, load_ensemble
from mammopair.model.ensemble_manifest import (
    FILE,
    Calibration,
    Manifest,
    MemberEntry,
    Training,
    read_manifest,
    write_manifest,
)
from mammopair.model.weights import file_sha256, save_weights
from mammopair.progress import Progress
from mammopair.reading.crop_folder import CropRow
from mammopair.record import Record
from mammopair.scoring import measure_scores, score_folder
from mammopair.training.calibrating import LesionLogits, fit_calibration, operating_points
from mammopair.training.card import write_card
from mammopair.training.checkpoint import averaged_weights
from mammopair.training.folds import split_patients
from mammopair.training.recipe import Recipe

FOLDS = "folds.csv"
UNCALIBRATED = Calibration(
    slope=1.0, intercept=0.0, covariance=((0.0, 0.0), (0.0, 0.0)), fitted_on="nothing"
)
INTENDED_USE = (
    "Research on marked breast masses in digitised film mammograms. Not a medical device; "
    "not for screening, diagnosis or the management of patients."
)


def ship(
    recipe: Recipe, rows: list[CropRow], data: Path, checkpoints: list[Path], folder: Path
) -> Generator[Progress, None, Manifest]:
    """Write an ensemble into a folder from the checkpoints of its members.

    The calibration and the operating points are fitted, and the figures measured, on crops of
    patients that the scoring member never saw. The figures are taken after the fit of two
    numbers to the same lesions, which flatters their calibration (Brier, ECE) a little; the AUC by
    view is untouched by it.

    It is made in a folder beside and moved to its place when it is whole, so that stopping this
    halfway leaves no ensemble without calibration behind, and an earlier one as it was.

    Parameters
    ----------
    recipe
        What the members were trained by.
    rows, data
        The training crops and their folder.
    checkpoints
        One for each of the recipe's members, training completed.
    folder
        Where the ensemble goes.

    Raises
    ------
    InputError
        If a checkpoint is not whole, or the folder cannot be written to.
    """
    draft = folder.with_name(f".{folder.name}.part")
    try:
        draft.mkdir(parents=True, exist_ok=True)
        yield from _draft(recipe, rows, data, checkpoints, draft)
        _move(draft, folder)
    except OSError as error:
        raise InputError(folder, f"cannot be written: {error.strerror or error}") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return read_manifest(folder)


def _draft(
    recipe: Recipe, rows: list[CropRow], data: Path, checkpoints: list[Path], folder: Path
) -> Generator[Progress, None, None]:
    """Write, calibrate and measure an ensemble in a folder of its own."""
    manifest = _bare_manifest(recipe, rows, checkpoints, folder)
    write_manifest(manifest, folder)

    scored = yield from score_folder(data, load_ensemble(folder))
    lesions = lesion_logits(scored)
    calibration = fit_calibration(
        lesions, f"{len(lesions)} lesions, each scored by the member that never saw the patient"
    )
    manifest = msgspec.structs.replace(
        manifest,
        calibration=calibration,
        operating_points=operating_points(lesions, calibration),
    )
    write_manifest(manifest, folder)

    ensemble = load_ensemble(folder)
    scored = yield from score_folder(data, ensemble)
    manifest = msgspec.structs.replace(manifest, measured=_figures(scored, ensemble))
    write_manifest(manifest, folder)
    write_card(manifest, folder)


def _move(draft: Path, folder: Path) -> None:
    """Put each file in its place, the manifest last: without it, or with another, none loads."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / FILE).unlink(missing_ok=True)
    for path in sorted(draft.iterdir(), key=lambda path: path.name == FILE):
        path.replace(folder / path.name)


def lesion_logits(scored: list[tuple[CropRow, Record]]) -> list[LesionLogits]:
    """The members' logits of each lesion, from scored crops."""
    lesions: dict[tuple[str, int], list[tuple[CropRow, Record]]] = defaultdict(list)
    for row, record in scored:
        # The label is part of the key as some breasts number several masses differently a view.
        lesions[row.lesion, row.label].append((row, record))
    return [
        LesionLogits(
            patient_id=views[0][0].patient_id,
            label=label,
            logits=np.array(
                [[reading.logit for reading in record.views[0].readings] for _, record in views]
            ),
        )
        for (_, label), views in lesions.items()
    ]


def _bare_manifest(
    recipe: Recipe, rows: list[CropRow], checkpoints: list[Path], folder: Path
) -> Manifest:
    """The manifest before calibration, with the weights and folds that it names written."""
    entries = []
    for number, (member, checkpoint) in enumerate(zip(recipe.members, checkpoints, strict=True)):
        file = f"member-{number}.safetensors"
        entries.append(
            MemberEntry(
                name=f"member-{number}",
                file=file,
                sha256=save_weights(averaged_weights(checkpoint), folder / file),
                views=recipe.optimisation.views,
                seed=member.seed,
                fold=member.fold,
            )
        )
    with (folder / FOLDS).open("w", newline="", encoding="utf-8") as stream:
        table = csv.writer(stream, lineterminator="\n")
        table.writerow(["patient_id", "fold"])
        table.writerows(sorted(split_patients(rows, recipe.folds).items()))
    return Manifest(
        name=recipe.name,
        version=recipe.version,
        description=recipe.description,
        intended_use=INTENDED_USE,
        licence="Apache-2.0",
        network=recipe.network,
        input=recipe.input,
        concepts=list(recipe.concepts),
        context=CONTEXT,
        smallest_mm=SMALLEST_MM,
        flips=True,
        members=entries,
        calibration=UNCALIBRATED,
        operating_points=[],
        training=Training(
            data=recipe.data,
            patients=len({row.patient_id for row in rows}),
            crops=len(rows),
            folds_file=FOLDS,
            folds_sha256=file_sha256(folder / FOLDS),
            recipe=msgspec.to_builtins(recipe),
        ),
        measured={},
        software=f"mammopair {__version__}",
    )


def _figures(scored: list[tuple[CropRow, Record]], ensemble: Ensemble) -> dict[str, Any]:
    """What goes into the manifest: all levels, and again without the confounded scanner."""
    figures = measure_scores(scored, ensemble)
    levels = {level: figures[level] for level in ("pairs", "views", "lesions")}
    elsewhere = [(row, record) for row, record in scored if row.scanner != "DBA"]
    if 0 < len(elsewhere) < len(scored):
        without = measure_scores(elsewhere, ensemble)
        levels["pairs without scanner DBA"] = without["pairs"]
        levels["views without scanner DBA"] = without["views"]
    return levels | {"scored_by": figures["scored_by"]}

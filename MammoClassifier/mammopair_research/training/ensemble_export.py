"""From trained members to an ensemble that ships: weights, folds, calibration, figures, card."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Generator
from pathlib import Path
from typing import Any

import msgspec

from mammopair import __version__
from mammopair.calibration.conformal import COVERAGE
from mammopair.calibration.out_of_distribution import WARN_ABOVE
from mammopair.calibration.platt import Calibration
from mammopair.crop import CONTEXT, SMALLEST_MM
from mammopair.errors import InputError
from mammopair.evaluation import measure_scores, score_folder
from mammopair.io.crop_folder import CropRow
from mammopair.model.ensemble import Ensemble, load_ensemble
from mammopair.model.manifest import (
    MANIFEST_FILE,
    Manifest,
    MemberEntry,
    ReferenceFile,
    Training,
    read_manifest,
    write_manifest,
)
from mammopair.model.reference_distribution import save_reference
from mammopair.model.weights import file_sha256, save_weights
from mammopair.progress import Progress
from mammopair.record import Record
from mammopair_research.datasets.folds import split_patients
from mammopair_research.training.checkpoint import averaged_weights
from mammopair_research.training.concept_scales import concept_scales
from mammopair_research.training.cross_fit import calibrated
from mammopair_research.training.model_card import write_card
from mammopair_research.training.operating_points import as_measured
from mammopair_research.training.out_of_fold import out_of_fold_lesions, predict_out_of_fold
from mammopair_research.training.recipe import Recipe
from mammopair_research.training.reference_fit import make_reference

FOLDS, REFERENCE = "folds.csv", "reference.safetensors"
COMPARED = "comparison.*"
"""What ``mammopair-research compare`` wrote beside the manifest: it holds for the weights it was made of."""
MEASURED = (
    *(
        "pairs",
        "views",
        "lesions",
        "operating_points",
        "conformal",
        "out_of_distribution",
        "subgroups",
    ),
    *("scored_by", "cross_fitted"),
)
"""What of the figures goes into the manifest."""
UNCALIBRATED = Calibration(
    slope=1.0, intercept=0.0, covariance=((0.0, 0.0), (0.0, 0.0)), fitted_on="nothing"
)
INTENDED_USE = (
    "Research on marked breast masses in digitised film mammograms. Not a medical device; "
    "not for screening, diagnosis or the management of patients."
)


def export_ensemble(
    recipe: Recipe, rows: list[CropRow], data: Path, checkpoints: list[Path], folder: Path
) -> Generator[Progress, None, Manifest]:
    """Write an ensemble into a folder from the checkpoints of its members.

    Calibration, operating points and reference are made from, and the figures measured on, crops
    of patients that the scoring member never saw. Each fold's figures are by the calibration and
    the thresholds of the other folds (:mod:`mammopair_research.training.cross_fit`).

    It is made in a folder beside and moved to its place when it is whole, so that stopping this
    halfway leaves no ensemble without calibration behind, and an earlier one as it was. The table
    of comparison in the folder stays where the weights are those that lie there already; beside
    other weights it would tell of an ensemble that is gone, so it goes too.

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
    if any(member.repeat for member in recipe.members):
        # Else a member would be taken to have never seen patients whom it was trained on.
        raise InputError(
            "members",
            "of another split of the patients cannot export_ensemble together; use repeat 0 only",
        )
    draft = folder.with_name(f".{folder.name}.part")
    try:
        draft.mkdir(parents=True, exist_ok=True)
        bare = _bare_manifest(recipe, rows, checkpoints, draft)
        if _weights_in(folder) == [member.sha256 for member in bare.members]:
            for path in folder.glob(COMPARED):  # it stands in the card too
                shutil.copyfile(path, draft / path.name)
        yield from _draft(bare, recipe, rows, data, draft)
        _move(draft, folder)
    except OSError as error:
        raise InputError(folder, f"cannot be written: {error.strerror or error}") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return read_manifest(folder)


def _weights_in(folder: Path) -> list[str]:
    """The hashes of the weights of an earlier ensemble; none, where none can be read."""
    try:
        return [member.sha256 for member in read_manifest(folder).members]
    except InputError:
        return []


def _draft(
    manifest: Manifest, recipe: Recipe, rows: list[CropRow], data: Path, folder: Path
) -> Generator[Progress, None, None]:
    """Calibrate, measure and write an ensemble whose weights lie in a folder of its own."""
    write_manifest(manifest, folder)

    fold_of = split_patients(rows, recipe.folds)
    unseen = yield from predict_out_of_fold(load_ensemble(folder), rows, data, fold_of)
    lesions = out_of_fold_lesions(unseen, fold_of)
    manifest = calibrated(
        manifest, lesions, "each scored by the members that never saw the patient"
    )
    manifest = msgspec.structs.replace(
        manifest,
        reference=ReferenceFile(
            file=REFERENCE,
            sha256=save_reference(make_reference(lesions, unseen), folder / REFERENCE),
            coverage=COVERAGE,
            warn_above=WARN_ABOVE,
        ),
        concept_scales=concept_scales(unseen, manifest.concepts),
    )
    write_manifest(manifest, folder)

    ensemble = load_ensemble(folder)
    scored = yield from score_folder(data, ensemble)
    measured = _figures(scored, ensemble)
    manifest = msgspec.structs.replace(manifest, measured=measured)
    if measured["cross_fitted"]:
        points = as_measured(manifest.operating_points, measured["operating_points"])
        manifest = msgspec.structs.replace(manifest, operating_points=points)
    write_manifest(manifest, folder)
    write_card(manifest, folder)


def _move(draft: Path, folder: Path) -> None:
    """Put each file in its place, the manifest last: without it, or with another, none loads."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MANIFEST_FILE).unlink(missing_ok=True)
    for path in folder.glob(COMPARED):  # of other weights; else it is in the draft
        path.unlink()
    for path in sorted(draft.iterdir(), key=lambda path: path.name == MANIFEST_FILE):
        path.replace(folder / path.name)


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
    figures = measure_scores(scored, ensemble, subgroups=True)
    kept = {name: figures[name] for name in MEASURED}
    elsewhere = [(row, record) for row, record in scored if row.scanner != "DBA"]
    if 0 < len(elsewhere) < len(scored):
        without = measure_scores(elsewhere, ensemble)
        kept["pairs without scanner DBA"] = without["pairs"]
        kept["views without scanner DBA"] = without["views"]
    return kept

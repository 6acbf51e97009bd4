"""Export an ensemble from checkpoints: weights, folds, calibration, metrics and model card."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Generator
from pathlib import Path
from typing import Any

import msgspec

from mammopair import __version__
from mammopair.atomic_write import atomic_write
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
from mammopair_research.datasets import CONFOUNDED_SCANNER
from mammopair_research.datasets.folds import split_patients
from mammopair_research.training.checkpoint import averaged_weights
from mammopair_research.training.concept_scales import concept_scales
from mammopair_research.training.cross_fit import calibrate_manifest
from mammopair_research.training.model_card import write_card
from mammopair_research.training.operating_points import with_measured_figures
from mammopair_research.training.out_of_fold import out_of_fold_lesions, predict_out_of_fold
from mammopair_research.training.recipe import Recipe
from mammopair_research.training.reference_fit import fit_reference

FOLDS, REFERENCE = "folds.csv", "reference.safetensors"
COMPARISON_FILES = "comparison.*"
"""Files of ``mammopair-research compare`` beside the manifest, valid for the same weights only."""
EXPORTED_FIGURES = (
    *("pairs", "views", "lesions", "operating_points", "conformal", "out_of_distribution"),
    *("subgroups", "scored_by", "cross_fitted"),
)
"""Figures that the manifest includes."""
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
    """Export an ensemble to a folder from the checkpoints of its members.

    Calibration, operating points and reference are fitted, and the metrics measured, on
    out-of-fold crops. The metrics of each fold are those of the calibration and thresholds of the
    other folds (:mod:`mammopair_research.training.cross_fit`).

    The ensemble is written to a temporary folder and moved when it is complete, so that an
    interruption leaves no ensemble without calibration, and an earlier ensemble unchanged. An
    earlier comparison table in ``folder`` is kept if the weights are the same, and deleted if not.

    Parameters
    ----------
    recipe
        The recipe that the members were trained with.
    rows, data
        The training crops and their folder.
    checkpoints
        The final checkpoint of each of the recipe's members.
    folder
        Folder of the exported ensemble.

    Returns
    -------
    Manifest
        As written, as the generator's value.

    Raises
    ------
    InputError
        If a checkpoint is incomplete, or the folder cannot be written to.
    """
    draft = folder.with_name(f".{folder.name}.part")
    try:
        draft.mkdir(parents=True, exist_ok=True)
        bare = _bare_manifest(recipe, rows, checkpoints, draft)
        if _weights_in(folder) == [member.sha256 for member in bare.members]:
            for path in folder.glob(COMPARISON_FILES):  # the card includes it
                shutil.copyfile(path, draft / path.name)
        yield from _write_draft(bare, recipe, rows, data, draft)
        _move(draft, folder)
    except OSError as error:
        raise InputError(folder, f"cannot be written: {error.strerror or error}") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return read_manifest(folder)


def _weights_in(folder: Path) -> list[str]:
    """Return the hashes of the weights of an earlier ensemble; none if there is none."""
    try:
        return [member.sha256 for member in read_manifest(folder).members]
    except InputError:
        return []


def _write_draft(
    manifest: Manifest, recipe: Recipe, rows: list[CropRow], data: Path, folder: Path
) -> Generator[Progress, None, None]:
    """Calibrate, measure and write an ensemble whose weights are in a folder."""
    write_manifest(manifest, folder)

    fold_of = split_patients(rows, recipe.folds)
    predictions = yield from predict_out_of_fold(load_ensemble(folder), rows, data, fold_of)
    lesions = out_of_fold_lesions(predictions, fold_of)
    manifest = calibrate_manifest(
        manifest, lesions, "each scored by the members that were not trained on the patient"
    )
    manifest = msgspec.structs.replace(
        manifest,
        reference=ReferenceFile(
            file=REFERENCE,
            sha256=save_reference(fit_reference(lesions, predictions), folder / REFERENCE),
            coverage=COVERAGE,
            warn_above=WARN_ABOVE,
        ),
        concept_scales=concept_scales(predictions, manifest.concepts),
    )
    write_manifest(manifest, folder)

    ensemble = load_ensemble(folder)
    scored = yield from score_folder(data, ensemble)
    measured = _figures(scored, ensemble)
    manifest = msgspec.structs.replace(manifest, measured=measured)
    if measured["cross_fitted"]:
        points = with_measured_figures(manifest.operating_points, measured["operating_points"])
        manifest = msgspec.structs.replace(manifest, operating_points=points)
    write_manifest(manifest, folder)
    write_card(manifest, folder)


def _move(draft: Path, folder: Path) -> None:
    """Move each file to the folder, the manifest last: without it, the ensemble does not load."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MANIFEST_FILE).unlink(missing_ok=True)
    for path in folder.glob(COMPARISON_FILES):
        path.unlink()
    for path in sorted(draft.iterdir(), key=lambda path: path.name == MANIFEST_FILE):
        path.replace(folder / path.name)


def _bare_manifest(
    recipe: Recipe, rows: list[CropRow], checkpoints: list[Path], folder: Path
) -> Manifest:
    """Write weights and folds; return a manifest without calibration and metrics."""
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
    with atomic_write(folder / FOLDS) as stream:
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
    """Compute the figures of the manifest, also without the confounded scanner."""
    figures = measure_scores(scored, ensemble, subgroups=True)
    exported = {name: figures[name] for name in EXPORTED_FIGURES}
    others = [(row, record) for row, record in scored if row.scanner != CONFOUNDED_SCANNER]
    if 0 < len(others) < len(scored):
        without = measure_scores(others, ensemble)
        for level in ("pairs", "views"):
            exported[f"{level} without scanner {CONFOUNDED_SCANNER}"] = without[level]
    return exported

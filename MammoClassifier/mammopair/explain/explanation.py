"""Explain a record's views: the chosen map, and the lesion moved towards malignant and benign.

It takes seconds a view, so it is done on request, after the classification. What is small goes
into the record, pictures go into files beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from msgspec.structs import replace

from mammopair.crop import CropSquare, cut_patch, place_square
from mammopair.errors import InputError
from mammopair.explain.attribution import Patches
from mammopair.explain.concept_scores import (
    concept_probabilities,
    make_concept_score,
    scored_descriptors,
)
from mammopair.explain.counterfactual import Counterfactual, generate_counterfactual
from mammopair.explain.default_method import FALLBACK_METHOD, default_method
from mammopair.explain.evidence_map import describe_evidence
from mammopair.explain.methods import find_method
from mammopair.progress import Progress
from mammopair.record import ConceptScore, CounterfactualPath, Explanation, Record, ViewResult
from mammopair.view import Box, View

if TYPE_CHECKING:
    from mammopair.explain.differentiable_ensemble import DifferentiableEnsemble
    from mammopair.model.ensemble import Ensemble

FINER_METHOD = "shifted-evidence"
"""The class activation on a finer grid."""
COUNTERFACTUAL_FOLDER = "counterfactuals"
"""Where the moved images go, beside the records."""


def explain_record(
    record: Record,
    load: Callable[[ViewResult], View],
    ensemble: Ensemble,
    folder: Path,
    name: str,
    method: str = "",
) -> Generator[Progress, None, Record]:
    """The record with an explanation of each view; closing the generator cancels.

    Parameters
    ----------
    record
        Of one lesion, as the ensemble classified it.
    load
        Gives the view that a view's result came from.
    ensemble
        The one that made the record.
    folder
        Where records are written: the pictures go into its subfolder :data:`COUNTERFACTUAL_FOLDER`.
    name
        How the pictures' file names begin, different for each lesion.
    method
        Of the map; by default the one that measured best on the ensemble. Where that is the
        class activation, which the record holds anyway, the same on a finer grid.

    Raises
    ------
    InputError
        If a view or the method cannot be had, or a picture cannot be written.
    """
    views = []
    for number, result in enumerate(record.views):
        yield Progress(number, len(record.views), f"Explaining the {result.projection} view")
        view = load(result)
        box = Box(*result.box)
        square = place_square(view, box)
        patch = np.array(cut_patch(view, square))[None]
        explanation = yield from explain_patch(
            patch, square, box, result.projection, len(record.views), ensemble, method
        )
        paths = []
        for moved, path in zip(explanation[1], explanation[0].counterfactuals, strict=True):
            file = f"{COUNTERFACTUAL_FOLDER}/{name}-{result.projection}-{moved.towards}.png"
            write_patch_png(folder / file, moved.end[0])
            paths.append(replace(path, file=file))
        views.append(replace(result, explanation=replace(explanation[0], counterfactuals=paths)))
    return replace(record, views=views)


def explain_patch(
    patch: Patches,
    square: CropSquare,
    box: Box,
    projection: str,
    views: int,
    ensemble: Ensemble,
    method: str = "",
) -> Generator[Progress, None, tuple[Explanation, list[Counterfactual]]]:
    """One patch ``(1, rows, rows)``: its map, and its moved images, which are in no file yet."""
    from mammopair.explain.differentiable_ensemble import make_differentiable

    reader = make_differentiable(ensemble, projection, views=views)
    chosen = find_method(method or displayed_method(ensemble))
    on_patch = square.box_on_grid(box, patch.shape[-1])
    found = yield from chosen.steps(reader, patch, [on_patch])
    malignant = yield from generate_counterfactual(reader, patch, "malignant")
    benign = yield from generate_counterfactual(reader, patch, "benign")
    moved = [malignant, benign]
    rest = 0.0 if found.offset is None else float(found.offset[0])
    return (
        Explanation(
            method=chosen.name,
            evidence=describe_evidence(found.maps[0], rest, square, box),
            error=None if found.error is None else float(found.error[0]),
            counterfactuals=[_path(one, reader, ensemble) for one in moved],
        ),
        moved,
    )


def displayed_method(ensemble: Ensemble) -> str:
    """The method whose map stands beside the record's own; see :func:`explain_record`."""
    best = default_method(ensemble)
    return FINER_METHOD if best == FALLBACK_METHOD else best


def counterfactual_concepts(
    reader: DifferentiableEnsemble, patch: Patches, ensemble: Ensemble
) -> list[ConceptScore]:
    """The concept scores of one patch ``(1, rows, rows)``."""
    if not scored_descriptors(ensemble.manifest):
        return []
    scores = concept_probabilities(reader.descriptor_logits(patch), ensemble.manifest)
    return [
        make_concept_score(scale, float(scores[scale.descriptor][0]))
        for scale in scored_descriptors(ensemble.manifest)
    ]


def _path(
    moved: Counterfactual, reader: DifferentiableEnsemble, ensemble: Ensemble
) -> CounterfactualPath:
    return CounterfactualPath(
        towards=moved.towards,
        probabilities=moved.probabilities[:, 0].tolist(),
        similarity=float(moved.similarity[-1, 0]),
        concepts=counterfactual_concepts(reader, moved.end, ensemble),
        file="",
    )


def write_patch_png(path: Path, patch: Patches) -> None:
    """A patch ``(rows, rows)`` in [0, 1] as 8-bit PNG.

    Raises
    ------
    InputError
        If it cannot be written.
    """
    from PIL import Image

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.rint(255 * patch.clip(0, 1)).astype(np.uint8)).save(path)
    except OSError as error:
        raise InputError(path, f"cannot be written: {error.strerror or error}") from error

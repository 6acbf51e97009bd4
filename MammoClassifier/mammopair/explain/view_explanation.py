"""Explain one marked view: a map by one method, and counterfactual images in both directions."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from mammopair.crop import CropSquare
from mammopair.explain.concept_scores import concept_scores, scored_descriptors
from mammopair.explain.counterfactual import DIRECTIONS, Counterfactual, generate_counterfactual
from mammopair.explain.evidence_map import describe_evidence
from mammopair.explain.methods import find_method
from mammopair.lesion import MarkedView, extract_patch
from mammopair.progress import Progress
from mammopair.record import ConceptScore, CounterfactualPath, Evidence

if TYPE_CHECKING:
    from mammopair.explain.differentiable_ensemble import DifferentiableEnsemble
    from mammopair.model.ensemble import Ensemble


@dataclass(frozen=True)
class ViewMap:
    """A map of one view."""

    method: str
    """A key of :data:`mammopair.explain.methods.METHODS`."""
    evidence: Evidence
    error: float | None
    """Difference between the sum of the map and the logit, in logits; None if the method is not
    additive."""


@dataclass(frozen=True)
class ViewCounterfactuals:
    """The counterfactual images of one view."""

    square: CropSquare
    """The square of the view that the images cover."""
    original: npt.NDArray[np.float32]
    """The patch, ``(rows, rows)`` in [0, 1]."""
    images: dict[str, npt.NDArray[np.float32]]
    """By direction, ``malignant`` and ``benign``; shape and range as ``original``."""
    paths: dict[str, CounterfactualPath]
    """Probabilities and concept scores on the way to each image, by direction."""


def map_view(
    ensemble: Ensemble, marked: MarkedView, views: int, method: str
) -> Generator[Progress, None, ViewMap]:
    """Compute the map of one view; closing the generator cancels.

    Parameters
    ----------
    ensemble
        The ensemble to explain.
    marked
        The view and the box around the mass.
    views
        Number of views of the lesion; it selects the calibration.
    method
        A key of :data:`mammopair.explain.methods.METHODS`.

    Raises
    ------
    InputError
        If the method is unknown, or no member of the ensemble supports this projection.
    """
    from mammopair.explain.differentiable_ensemble import make_differentiable

    chosen = find_method(method)
    patch = extract_patch(marked)
    model = make_differentiable(ensemble, str(marked.view.projection), views=views)
    box = patch.square.box_on_grid(marked.box, len(patch.pixels))
    found = yield from chosen.steps(model, np.array(patch.pixels)[None], [box])
    bias = 0.0 if found.offset is None else float(found.offset[0])
    evidence = describe_evidence(found.maps[0], bias, patch.square, marked.box)
    return ViewMap(chosen.name, evidence, None if found.error is None else float(found.error[0]))


def counterfactuals_of_view(
    ensemble: Ensemble, marked: MarkedView, views: int
) -> Generator[Progress, None, ViewCounterfactuals]:
    """Generate the counterfactual images of one view; closing the generator cancels.

    Parameters and errors are those of :func:`map_view`.
    """
    from mammopair.explain.differentiable_ensemble import make_differentiable

    patch = extract_patch(marked)
    model = make_differentiable(ensemble, str(marked.view.projection), views=views)
    images: dict[str, npt.NDArray[np.float32]] = {}
    paths: dict[str, CounterfactualPath] = {}
    for towards in DIRECTIONS:
        counterfactual = yield from generate_counterfactual(
            model, np.array(patch.pixels)[None], towards
        )
        images[towards] = counterfactual.end[0]
        paths[towards] = _summarise(counterfactual, model, ensemble)
    return ViewCounterfactuals(patch.square, patch.pixels, images, paths)


def _summarise(
    counterfactual: Counterfactual, model: DifferentiableEnsemble, ensemble: Ensemble
) -> CounterfactualPath:
    """Summarise the counterfactual image of one patch for its record."""
    scores: list[ConceptScore] = []
    if scored_descriptors(ensemble.manifest):
        (logits,) = model.descriptor_logits(counterfactual.end)
        scores = concept_scores(logits, ensemble.manifest)
    return CounterfactualPath(
        towards=counterfactual.towards,
        probabilities=counterfactual.probabilities[:, 0].tolist(),
        similarity=float(counterfactual.similarity[-1, 0]),
        concepts=scores,
        file="",
    )

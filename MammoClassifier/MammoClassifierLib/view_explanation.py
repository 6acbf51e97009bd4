"""The engine's explanations of one marked view: a map, and the mass moved both ways."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator

    import numpy as np
    import numpy.typing as npt

    from mammopair.crop import CropSquare
    from mammopair.lesion import MarkedView
    from mammopair.model.ensemble import Ensemble
    from mammopair.progress import Progress
    from mammopair.record import CounterfactualPath, Evidence

    Patch = npt.NDArray[np.float32]
    """``(rows, rows)``, in [0, 1], bright where dense."""


@dataclass(frozen=True)
class ViewMap:
    """A map of one view."""

    method: str
    """A name of :data:`mammopair.explain.methods.METHODS`."""
    evidence: Evidence
    error: float | None
    """By how many logits it fails to add up; None where the method does not add up."""


@dataclass(frozen=True)
class MovedMass:
    """A view's mass moved towards malignant and towards benign."""

    square: CropSquare
    original: Patch
    images: dict[str, Patch]
    """By ``malignant`` and ``benign``."""
    paths: dict[str, CounterfactualPath]


def explainView(
    ensemble: Ensemble, marked: MarkedView, views: int, method: str
) -> Generator[Progress, None, ViewMap]:
    """The map of a view of a lesion that is marked on ``views`` views.

    Raises
    ------
    InputError
        If the method is not known, or no member reads such a view.
    """
    import numpy as np

    from mammopair.explain.differentiable_ensemble import make_differentiable
    from mammopair.explain.evidence_map import describe_evidence
    from mammopair.explain.methods import find_method
    from mammopair.lesion import extract_patch

    patch = extract_patch(marked)
    reader = make_differentiable(ensemble, str(marked.view.projection), views=views)
    box = patch.square.box_on_grid(marked.box, len(patch.pixels))
    found = yield from find_method(method).steps(reader, np.array(patch.pixels)[None], [box])
    rest = 0.0 if found.offset is None else float(found.offset[0])
    evidence = describe_evidence(found.maps[0], rest, patch.square, marked.box)
    return ViewMap(method, evidence, None if found.error is None else float(found.error[0]))


def moveView(
    ensemble: Ensemble, marked: MarkedView, views: int
) -> Generator[Progress, None, MovedMass]:
    """The mass of a view moved both ways; raises as :func:`explainView`."""
    import numpy as np

    from mammopair.explain.counterfactual import DIRECTIONS, generate_counterfactual
    from mammopair.explain.differentiable_ensemble import make_differentiable
    from mammopair.explain.explanation import counterfactual_concepts
    from mammopair.lesion import extract_patch
    from mammopair.record import CounterfactualPath

    patch = extract_patch(marked)
    reader = make_differentiable(ensemble, str(marked.view.projection), views=views)
    images, paths = {}, {}
    for towards in DIRECTIONS:
        moved = yield from generate_counterfactual(reader, np.array(patch.pixels)[None], towards)
        images[towards] = moved.end[0]
        paths[towards] = CounterfactualPath(
            towards=towards,
            probabilities=moved.probabilities[:, 0].tolist(),
            similarity=float(moved.similarity[-1, 0]),
            concepts=counterfactual_concepts(reader, moved.end, ensemble),
            file="",
        )
    return MovedMass(patch.square, patch.pixels, images, paths)

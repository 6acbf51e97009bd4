"""The table of predicted descriptors of one lesion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mammopair.record import ConceptScore, Record, ViewResult
from mammopair.results.text import descriptor_name


@dataclass(frozen=True)
class DescriptorRow:
    """One descriptor."""

    name: str
    """``spiculated margin``, ``oval shape``, ``architectural distortion``, ``dense breast``."""
    lesion: ConceptScore
    """Score of the lesion."""
    views: tuple[float | None, ...]
    """Score of each view that is shown."""
    benign: float | None
    """Score of the benign counterfactual images, mean over the views; None if there are none."""
    malignant: float | None
    """Score of the malignant counterfactual images."""


def descriptor_rows(record: Record, views: Sequence[ViewResult]) -> tuple[DescriptorRow, ...]:
    """Return one row for each descriptor, in the order of the record."""
    return tuple(
        DescriptorRow(
            name=descriptor_name(one.descriptor),
            lesion=one,
            views=tuple(_score(view.concepts, one.descriptor) for view in views),
            benign=_counterfactual_score(views, "benign", one.descriptor),
            malignant=_counterfactual_score(views, "malignant", one.descriptor),
        )
        for one in record.concepts
    )


def _score(scores: Sequence[ConceptScore], descriptor: str) -> float | None:
    return next((one.score for one in scores if one.descriptor == descriptor), None)


def _counterfactual_score(
    views: Sequence[ViewResult], towards: str, descriptor: str
) -> float | None:
    paths = [
        path for view in views if view.explanation for path in view.explanation.counterfactuals
    ]
    found = [_score(path.concepts, descriptor) for path in paths if path.towards == towards]
    known = [score for score in found if score is not None]
    return sum(known) / len(known) if known else None

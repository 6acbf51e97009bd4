"""The radiologists' words for one lesion as the page's table has them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mammopair.descriptors import MARGINS, SHAPES
from mammopair.record import ConceptScore, Record, ViewResult


@dataclass(frozen=True)
class DescriptorRow:
    """One word."""

    name: str
    """``spiculated margin``, ``oval shape``, ``architectural distortion``, ``dense breast``."""
    score: ConceptScore
    """Of the lesion."""
    views: tuple[float | None, ...]
    """Of each view that is shown."""
    benign: float | None
    """Of the images moved towards benign, the mean over the views; None where none was moved."""
    malignant: float | None


def descriptor_rows(record: Record, views: Sequence[ViewResult]) -> tuple[DescriptorRow, ...]:
    """A row a word, in the record's order, the views in theirs."""
    return tuple(
        DescriptorRow(
            name=name_of(one.descriptor),
            score=one,
            views=tuple(_score(view.concepts, one.descriptor) for view in views),
            benign=_moved(views, "benign", one.descriptor),
            malignant=_moved(views, "malignant", one.descriptor),
        )
        for one in record.concepts
    )


def name_of(word: str) -> str:
    """A word with what it is said of."""
    if word == "distorting":
        return "architectural distortion"
    return f"{word} margin" if word in MARGINS else f"{word} shape" if word in SHAPES else word


def _score(scores: Sequence[ConceptScore], word: str) -> float | None:
    return next((one.score for one in scores if one.descriptor == word), None)


def _moved(views: Sequence[ViewResult], towards: str, word: str) -> float | None:
    paths = [
        path for view in views if view.explanation for path in view.explanation.counterfactuals
    ]
    found = [_score(path.concepts, word) for path in paths if path.towards == towards]
    known = [score for score in found if score is not None]
    return sum(known) / len(known) if known else None

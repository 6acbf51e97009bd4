"""Attribution maps: what a method computes, and what a method is.

A method's ``steps(model, patches, boxes)`` is a generator that yields
:class:`~mammopair.progress.Progress` and returns an :class:`Attribution`; closing it cancels.
:data:`mammopair.explain.methods.METHODS` lists the methods by name.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from mammopair.progress import Progress, exhaust
from mammopair.view import Box

if TYPE_CHECKING:
    from mammopair.explain.differentiable_ensemble import DifferentiableEnsemble

Floats = npt.NDArray[np.float64]
Patches = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Attribution:
    """Signed maps of ``n`` patches; positive values are evidence for malignancy."""

    maps: Floats
    """``(n, h, w)``: a grid of cells over each patch, in logits.
    For additive methods ``maps.mean((1, 2)) + offset`` is the logit, within ``error``; for others
    a cell is the change of the logit that it causes alone."""
    logits: Floats
    """``(n,)``: the mean calibrated logits that the maps explain."""
    offset: Floats | None
    """``(n,)``: the part of the logit that no cell contributes, such as the bias or the logit of
    the baseline; None if the method is not additive."""

    @property
    def error(self) -> Floats | None:
        """``(n,)``: completeness error in logits; None if the method is not additive."""
        if self.offset is None:
            return None
        return np.abs(self.maps.mean(axis=(1, 2)) + self.offset - self.logits)


Steps = Generator[Progress, None, Attribution]


@dataclass(frozen=True)
class Method:
    """An attribution method."""

    name: str
    """Name on the command line: ``fine-evidence``."""
    title: str
    """Name for display."""
    meaning: str
    """Meaning of the value of a cell."""
    additive: bool
    """Whether the cells add up to the logit."""
    steps: Callable[[DifferentiableEnsemble, Patches, Sequence[Box]], Steps]
    """Computes the maps of ``n`` patches ``(n, rows, rows)`` in [0, 1], given the box around the
    mass on each in corner coordinates of the patch."""


def attribute(
    method: Method, model: DifferentiableEnsemble, patches: Patches, boxes: Sequence[Box]
) -> Attribution:
    """Run a method to its end."""
    return exhaust(method.steps(model, patches, boxes))

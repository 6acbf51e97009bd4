"""The form that every explanation by a map takes, whatever the method.

A method is a generator: ``steps(reader, patches, boxes)`` yields
:class:`~mammopair.progress.Progress` and gives an :class:`Attribution`; closing it cancels.
:data:`mammopair.explain.methods.METHODS` holds them by name.
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
    """Maps of ``n`` patches, each on its patch's square: positive speaks for malignancy."""

    maps: Floats
    """``(n, h, w)``: a grid of cells over the patch, signed.
    Where the method is additive, ``maps.mean((1, 2)) + rest`` is the logit, up to ``error``;
    otherwise a cell is the change of the logit that it makes by itself."""
    logits: Floats
    """``(n,)``: the mean calibrated logit that is explained."""
    offset: Floats | None
    """``(n,)``: what of the logit no cell has a part in, as a bias or the logit of a baseline;
    None where the method is not additive."""

    @property
    def error(self) -> Floats | None:
        """``(n,)``: by how many logits the map fails to add up; None where it is not additive."""
        if self.offset is None:
            return None
        return np.abs(self.maps.mean(axis=(1, 2)) + self.offset - self.logits)


Steps = Generator[Progress, None, Attribution]


@dataclass(frozen=True)
class Method:
    """A way to explain a reading by a map."""

    name: str
    """As the command line has it: ``fine-evidence``."""
    title: str
    """As people read it."""
    meaning: str
    """What a cell of the map says, in a sentence."""
    additive: bool
    """Whether the cells add up to the logit."""
    steps: Callable[[DifferentiableEnsemble, Patches, Sequence[Box]], Steps]
    """From a reader, ``n`` patches ``(n, rows, rows)`` in [0, 1] and the box of the mass on each,
    in the patch's own corner coordinates, to the maps."""


def attribute(
    method: Method, reader: DifferentiableEnsemble, patches: Patches, boxes: Sequence[Box]
) -> Attribution:
    """Run a method to its end."""
    return exhaust(method.steps(reader, patches, boxes))

"""Maps that know nothing of the networks: what an honest explanation must beat.

On a crop that is centred on the mass, a blob in the middle points at the mass as well as the best
explanation does; a map of brightness finds a bright mass without any network. Each is given the
sign of the answer that it pretends to explain, so that it puts its cells in the same order
whether the answer is malignant or benign.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING
from zlib import crc32

import numpy as np

from mammopair.explain.attribution import Attribution, Floats, Method, Patches, Steps
from mammopair.progress import Progress
from mammopair.view import Box

if TYPE_CHECKING:
    from mammopair.explain.differentiable_ensemble import DifferentiableEnsemble

CELLS = 32
"""Rows and columns of these maps."""
WIDTH = 0.2
"""Standard deviation of the blob, in sides of the patch; the mass measures half a side."""


def centre_blob(patch: Floats) -> Floats:
    """A Gaussian in the middle of the patch."""
    places = (np.arange(CELLS) + 0.5) / CELLS - 0.5
    along = np.exp(-(places**2) / (2 * WIDTH**2))
    return np.outer(along, along)


def random_map(patch: Floats) -> Floats:
    """Independent uniform numbers, drawn anew for each picture, the same for the same picture."""
    seed = crc32(np.ascontiguousarray(patch, np.float32).tobytes())
    return np.random.default_rng(seed).random((CELLS, CELLS))


def intensity(patch: Floats) -> Floats:
    """How bright the patch is, from 0 to 1."""
    block = len(patch) // CELLS
    return patch.reshape(CELLS, block, CELLS, block).mean(axis=(1, 3))


def _baseline(name: str, title: str, meaning: str, draw: Callable[[Floats], Floats]) -> Method:
    def steps(reader: DifferentiableEnsemble, patches: Patches, boxes: Sequence[Box]) -> Steps:
        yield Progress(0, 1, title)
        logits = reader.logits(patches)
        maps = np.stack([draw(patch.astype(np.float64)) for patch in patches])
        return Attribution(np.where(logits < 0, -1, 1)[:, None, None] * maps, logits, offset=None)

    return Method(name, title, meaning, additive=False, steps=steps)


BASELINES = {
    method.name: method
    for method in (
        _baseline(
            "centre-blob", "Centre blob", "How near the middle of the crop it is.", centre_blob
        ),
        _baseline("random", "Random map", "Nothing.", random_map),
        _baseline("intensity", "Brightness", "How bright the film is there.", intensity),
    )
}
"""By name."""

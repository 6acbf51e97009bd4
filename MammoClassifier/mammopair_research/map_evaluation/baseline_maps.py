"""Maps that do not depend on the networks: an explanation must be better than these.

On a crop centred on the mass, a blob in the centre localises the mass as well as the best
explanation does; a map of brightness localises a bright mass without any network. Each map is
multiplied by the sign of the logit, so that the order of its cells is the same for malignant and
benign predictions.
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
"""Rows and columns of the maps."""
BLOB_SIZE = 0.2
"""Standard deviation of the blob, as a fraction of the patch's side; the mass is half a side."""


def centre_blob(patch: Floats) -> Floats:
    """Return a Gaussian in the centre of the patch."""
    offsets = (np.arange(CELLS) + 0.5) / CELLS - 0.5
    profile = np.exp(-(offsets**2) / (2 * BLOB_SIZE**2))
    return np.outer(profile, profile)


def random_map(patch: Floats) -> Floats:
    """Return independent uniform numbers, the same for the same patch."""
    seed = crc32(np.ascontiguousarray(patch, np.float32).tobytes())
    return np.random.default_rng(seed).random((CELLS, CELLS))


def brightness_map(patch: Floats) -> Floats:
    """Return the brightness of the patch, in [0, 1]."""
    block = len(patch) // CELLS
    return patch.reshape(CELLS, block, CELLS, block).mean(axis=(1, 3))


def _baseline(name: str, title: str, meaning: str, draw: Callable[[Floats], Floats]) -> Method:
    def steps(model: DifferentiableEnsemble, patches: Patches, boxes: Sequence[Box]) -> Steps:
        yield Progress(0, 1, title)
        logits = model.logits(patches)
        maps = np.stack([draw(patch.astype(np.float64)) for patch in patches])
        return Attribution(np.where(logits < 0, -1, 1)[:, None, None] * maps, logits, offset=None)

    return Method(name, title, meaning, additive=False, steps=steps)


BASELINES = {
    method.name: method
    for method in (
        _baseline("centre-blob", "Centre blob", "Closeness to the centre.", centre_blob),
        _baseline("random", "Random map", "Random numbers.", random_map),
        _baseline("intensity", "Brightness", "Brightness of the film.", brightness_map),
    )
}
"""By name."""

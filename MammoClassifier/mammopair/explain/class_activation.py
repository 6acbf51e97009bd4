"""Class activation maps: the contribution of each cell of the last block to the logit.

The networks end in a mean over cells and one linear layer, so the map is exact (Zhou et al., CVPR
2016, https://arxiv.org/abs/1512.04150); flips, members and calibration are linear in the logit.
The map of each flip is flipped back before averaging. This also cancels the shift of 0.4 cells to
the left and up that the unpadded pooling of the networks causes in a single map.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from mammopair.explain.attribution import Attribution, Floats, Patches, Steps
from mammopair.progress import Progress
from mammopair.view import Box

if TYPE_CHECKING:
    from mammopair.explain.differentiable_ensemble import DifferentiableEnsemble

PATCHES_PER_STEP = 32
"""Patches that are computed between two progress reports."""


def class_activation(
    model: DifferentiableEnsemble, patches: Patches, boxes: Sequence[Box]
) -> Steps:
    """Compute the maps that records contain; the boxes are not used."""
    maps = []
    for start in range(0, len(patches), PATCHES_PER_STEP):
        yield Progress(start, len(patches), "Computing the class activation")
        maps.append(class_activation_maps(model, patches[start : start + PATCHES_PER_STEP]))
    return Attribution(
        maps=np.concatenate(maps),
        logits=model.logits(patches),
        offset=np.full(len(patches), model.bias),
    )


def class_activation_maps(model: DifferentiableEnsemble, patches: Patches) -> Floats:
    """Compute ``(n, h, w)``: class activation in calibrated logits, averaged over the members."""
    from mammopair.model.inference import prepare_inputs, run_network

    images = prepare_inputs(patches, model.input, model.device)
    maps = [
        run_network(network, images, flips=model.flips).maps.numpy() for network in model.networks
    ]
    return model.calibration.slope * np.mean(maps, axis=0)

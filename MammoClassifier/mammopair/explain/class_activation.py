"""The class activation of the last block: what each of its cells adds to the logit, exactly.

The networks end in a mean over cells and one linear layer (Zhou et al., CVPR 2016,
https://arxiv.org/abs/1512.04150); mirrorings, members and calibration are linear in the logit.
Each mirroring's map is mirrored back before the mean, which also takes away that the unpadded
pooling of the networks puts a single reading's cells 0.4 of a cell too far left and up.
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

AT_ONCE = 32
"""Patches between one look at Cancel and the next."""


def class_activation(
    reader: DifferentiableEnsemble, patches: Patches, boxes: Sequence[Box]
) -> Steps:
    """The map that the record holds; the boxes are not looked at."""
    maps = []
    for start in range(0, len(patches), AT_ONCE):
        yield Progress(start, len(patches), "Reading the class activation")
        maps.append(class_activation_maps(reader, patches[start : start + AT_ONCE]))
    return Attribution(
        maps=np.concatenate(maps),
        logits=reader.logits(patches),
        offset=np.full(len(patches), reader.bias),
    )


def class_activation_maps(reader: DifferentiableEnsemble, patches: Patches) -> Floats:
    """``(n, h, w)``: class activation in calibrated logits, averaged over the members."""
    from mammopair.model.inference import prepare_inputs, run_network

    images = prepare_inputs(patches, reader.input, reader.device)
    read = [
        run_network(network, images, flips=reader.flips).maps.numpy() for network in reader.networks
    ]
    return reader.calibration.slope * np.mean(read, axis=0)

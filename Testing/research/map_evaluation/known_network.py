"""A network with a known attribution: its logit is the brightness of one region."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from mammopair.calibration.platt import Calibration
from mammopair.explain.differentiable_ensemble import DifferentiableEnsemble
from mammopair.model.input_spec import InputSpec
from mammopair.model.networks.network import Network

SIDE, CELLS = 64, 16
REGION = (slice(160, 224), slice(32, 96))
"""Rows and columns of a patch of 256 that determine the logit: lower left, off-centre."""
CALIBRATION = Calibration(
    slope=1.0, intercept=0.0, covariance=((0.0, 0.0), (0.0, 0.0)), fitted_on="nothing"
)


class RegionNetwork(Network):
    """Its logit depends only on the brightness of :data:`REGION`, in contrasts."""

    def __init__(self, sign: float = 1.0) -> None:
        super().__init__()
        self.dropout = nn.Dropout(0.0)
        self.fc = nn.Linear(1, 1)
        with torch.no_grad():
            self.fc.weight.fill_(sign * 300.0)
            self.fc.bias.fill_(-sign * 11.0)
        window = torch.zeros(1, 1, 256, 256)
        window[..., REGION[0], REGION[1]] = 1
        self.register_buffer("window", functional.avg_pool2d(window, 256 // SIDE))

    def features(self, images):
        return functional.avg_pool2d((images + 1.5) / 3 * self.window, SIDE // CELLS)


def known_model(*networks):
    """Return the network, or others, as a differentiable ensemble."""
    return DifferentiableEnsemble(
        networks=networks or (RegionNetwork().eval(),),
        input=InputSpec(side=SIDE, detail=SIDE),
        calibration=CALIBRATION,
        flips=False,
    )


def patch_with_mass(seed: int) -> np.ndarray:
    """Return noise with a bright mass in the centre and a less bright :data:`REGION`."""
    rng = np.random.default_rng(seed)
    patch = 0.3 + 0.1 * rng.random((256, 256))
    down, right = np.mgrid[0:256, 0:256] - 127.5
    patch[np.hypot(down, right) < 70] += 0.6
    patch[REGION] += 0.45
    return np.clip(patch, 0, 1).astype(np.float32)

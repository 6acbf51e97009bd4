"""The ensemble as a function that has a gradient: patches in, the members' mean logit out.

What an explanation explains must be what is in use: the detail limit, the standardisation, the
flip_axes and the calibration are those of :meth:`~mammopair.model.ensemble.Ensemble.predict`.

>>> reader = make_differentiable(ensemble, "CC")  # doctest: +SKIP
>>> logits, slopes = reader.gradient(patches)  # (n,) and (n, 256, 256)  # doctest: +SKIP
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from mammopair.calibration.platt import PROBABILITY_MARGIN, Calibration, sigmoid
from mammopair.errors import InputError
from mammopair.model.ensemble import Ensemble
from mammopair.model.inference import (
    BATCH_SIZE,
    FLIP_AXES,
    prepare_inputs,
    run_network,
    run_network_chunk,
)
from mammopair.model.input_spec import InputSpec
from mammopair.model.network_input import to_input

GRADIENT_BATCH_SIZE = 8
"""Patches that go through a network at once where its activations are kept for the gradient."""

Floats = npt.NDArray[np.float64]
Patches = npt.NDArray[np.float32]
"""``(n, rows, rows)``, in [0, 1], bright where dense."""


@dataclass(frozen=True)
class DifferentiableEnsemble:
    """Members that read patches of one projection. Made by :func:`make_differentiable`."""

    networks: tuple[nn.Module, ...]
    """In evaluation mode; :func:`dataclasses.replace` puts others in their place."""
    input: InputSpec
    calibration: Calibration
    flips: bool
    """Whether a patch is read in its four flip_axes, or once."""

    @property
    def device(self) -> torch.device:
        """Where the networks are."""
        return next(self.networks[0].parameters()).device

    @property
    def flip_axes(self) -> tuple[tuple[int, ...], ...]:
        """The axes to flip for each reading of a patch."""
        return FLIP_AXES if self.flips else FLIP_AXES[:1]

    @property
    def bias(self) -> float:
        """The part of the mean calibrated logit that no pixel has a part in."""
        raw = [float(network.fc.bias[0]) for network in self.networks]  # type: ignore[index,union-attr]
        return self.calibration.slope * float(np.mean(raw)) + self.calibration.intercept

    def member_logits(self, patches: Tensor) -> Tensor:
        """Calibrated logits ``(n, members)`` of ``(n, rows, rows)``, with their gradient.

        Nothing is cut into chunks here, since the gradient needs all of them at once.
        """
        raw, images = [], self.inputs(patches)
        for network in self.networks:
            read = run_network_chunk(network, images, flips=self.flips)
            raw.append(read.maps.mean(dim=(1, 2)) + network.fc.bias[0])  # type: ignore[index,union-attr]
        return self.calibration.slope * torch.stack(raw, dim=1) + self.calibration.intercept

    def logit(self, patches: Tensor) -> Tensor:
        """The members' mean calibrated logit, ``(n, rows, rows)`` to ``(n,)``, with gradient."""
        return self.member_logits(patches).mean(dim=1)

    @torch.no_grad()
    def predict_member_logits(self, patches: Patches) -> Floats:
        """Calibrated logits ``(n, members)`` of any number of patches, without gradient."""
        chunks = _as_tensor(patches).split(BATCH_SIZE)
        return torch.cat([self.member_logits(chunk).double().cpu() for chunk in chunks]).numpy()

    def logits(self, patches: Patches) -> Floats:
        """The mean calibrated logit ``(n,)`` of any number of patches, without gradient."""
        return self.predict_member_logits(patches).mean(axis=1)

    def probabilities(self, patches: Patches) -> Floats:
        """``(n,)``: the mean of the members' probabilities, as the record has it for a view."""
        return mean_probability(self.predict_member_logits(patches))

    def descriptor_logits(self, patches: Patches) -> Floats:
        """``(n, words)``: the concepts' logits, uncalibrated, averaged over the members."""
        said, images = [], prepare_inputs(patches, self.input, self.device)
        for network in self.networks:
            linear: nn.Linear = network.fc  # type: ignore[assignment]
            weight, bias = (part.double().cpu().numpy() for part in (linear.weight, linear.bias))
            read = run_network(network, images, flips=self.flips)
            said.append(read.pooled.numpy() @ weight[1:].T + bias[1:])
        return np.mean(said, axis=0)

    def gradient(self, patches: Patches) -> tuple[Floats, Floats]:
        """The mean calibrated logit ``(n,)`` and its gradient ``(n, rows, rows)``.

        In logits per unit of brightness; in chunks that fit in memory.
        """
        logits, slopes = [], []
        for chunk in _as_tensor(patches).split(GRADIENT_BATCH_SIZE):
            here = chunk.to(self.device).requires_grad_()
            found = self.logit(here)
            (slope,) = torch.autograd.grad(found.sum(), here)
            logits.append(found.detach().double().cpu())
            slopes.append(slope.double().cpu())
        return torch.cat(logits).numpy(), torch.cat(slopes).numpy()

    def inputs(self, patches: Tensor) -> Tensor:
        """What the networks are fed, before mirroring: ``(n, 1, side, side)``."""
        return to_input(patches.to(self.device), self.input)


def make_differentiable(
    ensemble: Ensemble,
    projection: str = "",
    *,
    members: Collection[str] | None = None,
    flips: bool | None = None,
    views: int = 2,
) -> DifferentiableEnsemble:
    """The reader of an ensemble.

    Parameters
    ----------
    ensemble
        Whose members read.
    projection
        ``CC`` or ``MLO``: only the members that read it; empty for all members.
    members
        Names of the only members to ask, as :func:`mammopair.evaluation.out_of_fold_members` gives them.
    flips
        Whether to read all four flip_axes; by default as the ensemble does. One is four times
        as fast and explains another, noisier number than the one in use.
    views
        On how many views the lesion is marked: its calibration is by that.

    Raises
    ------
    InputError
        If no member remains.
    """
    chosen = [
        entry.name
        for entry in ensemble.members
        if (not projection or projection in entry.views)
        and (members is None or entry.name in members)
    ]
    if not chosen:
        among = "" if members is None else f" among {', '.join(sorted(members)) or 'none'}"
        raise InputError(
            ensemble.manifest.name, f"has no member that reads {projection or 'any'} views{among}"
        )
    return DifferentiableEnsemble(
        networks=tuple(ensemble.networks[name] for name in chosen),
        input=ensemble.manifest.input,
        calibration=ensemble.manifest.calibration_of(views),
        flips=ensemble.manifest.flips if flips is None else flips,
    )


def split_members(reader: DifferentiableEnsemble) -> list[DifferentiableEnsemble]:
    """A reader for each member, to see how far they agree."""
    return [replace(reader, networks=(network,)) for network in reader.networks]


def mean_probability(readings: Floats) -> Floats:
    """``(...)`` of calibrated logits ``(..., members)``: the mean of their probabilities."""
    return sigmoid(readings).clip(PROBABILITY_MARGIN, 1 - PROBABILITY_MARGIN).mean(axis=-1)


def _as_tensor(patches: Patches) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(patches, dtype=np.float32))

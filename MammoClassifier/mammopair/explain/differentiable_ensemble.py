"""The ensemble as a differentiable function: patches in, the members' mean logit out.

Explanations must explain the ensemble as it is used: resolution, standardisation, flips and
calibration are those of :meth:`~mammopair.model.ensemble.Ensemble.predict`.

>>> model = make_differentiable(ensemble, "CC")  # doctest: +SKIP
>>> logits, gradient = model.gradient(patches)  # (n,) and (n, 256, 256)  # doctest: +SKIP
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
    run_network_batch,
)
from mammopair.model.input_spec import InputSpec
from mammopair.model.network_input import to_input

GRADIENT_BATCH_SIZE = 8
"""Maximum number of patches in one forward pass that keeps the activations for the gradient."""

Floats = npt.NDArray[np.float64]
Patches = npt.NDArray[np.float32]
"""``(n, rows, rows)``, in [0, 1], bright where dense."""


@dataclass(frozen=True)
class DifferentiableEnsemble:
    """Members that support one projection. Made by :func:`make_differentiable`."""

    networks: tuple[nn.Module, ...]
    """In evaluation mode; :func:`dataclasses.replace` exchanges them."""
    input: InputSpec
    calibration: Calibration
    flips: bool
    """Whether logits are averaged over the four flips of a patch."""

    @property
    def device(self) -> torch.device:
        """Device of the networks."""
        return next(self.networks[0].parameters()).device

    @property
    def flip_axes(self) -> tuple[tuple[int, ...], ...]:
        """Axes of each flip."""
        return FLIP_AXES if self.flips else FLIP_AXES[:1]

    @property
    def bias(self) -> float:
        """The part of the mean calibrated logit that does not depend on the patch."""
        biases = [float(_linear(network).bias.detach()[0]) for network in self.networks]
        return self.calibration.slope * float(np.mean(biases)) + self.calibration.intercept

    def member_logits(self, patches: Tensor) -> Tensor:
        """Compute calibrated logits ``(n, members)`` of ``(n, rows, rows)``, differentiably.

        All patches are computed in one batch, because the gradient needs all of them.
        """
        logits, images = [], self.inputs(patches)
        for network in self.networks:
            output = run_network_batch(network, images, flips=self.flips)
            logits.append(output.maps.mean(dim=(1, 2)) + _linear(network).bias[0])
        return self.calibration.slope * torch.stack(logits, dim=1) + self.calibration.intercept

    def logit(self, patches: Tensor) -> Tensor:
        """Compute the mean calibrated logit ``(n,)`` of ``(n, rows, rows)``, differentiably."""
        return self.member_logits(patches).mean(dim=1)

    @torch.no_grad()
    def predict_member_logits(self, patches: Patches) -> Floats:
        """Compute calibrated logits ``(n, members)`` in batches, without gradient."""
        batches = _as_tensor(patches).split(BATCH_SIZE)
        return torch.cat([self.member_logits(batch).double().cpu() for batch in batches]).numpy()

    def logits(self, patches: Patches) -> Floats:
        """Compute the mean calibrated logits ``(n,)`` in batches, without gradient."""
        return self.predict_member_logits(patches).mean(axis=1)

    def probabilities(self, patches: Patches) -> Floats:
        """Compute the mean of the members' probabilities ``(n,)``, as records have it."""
        return mean_probability(self.predict_member_logits(patches))

    def descriptor_logits(self, patches: Patches) -> Floats:
        """Compute the members' mean descriptor logits ``(n, descriptors)``, uncalibrated."""
        logits, images = [], prepare_inputs(patches, self.input, self.device)
        for network in self.networks:
            linear = _linear(network)
            weight, bias = (part.double().cpu().numpy() for part in (linear.weight, linear.bias))
            output = run_network(network, images, flips=self.flips)
            logits.append(output.pooled.numpy() @ weight[1:].T + bias[1:])
        return np.mean(logits, axis=0)

    def gradient(self, patches: Patches) -> tuple[Floats, Floats]:
        """Compute mean calibrated logits and their gradient, in batches that fit in memory.

        Returns
        -------
        logits : ndarray, shape ``(n,)``
        gradient : ndarray, shape ``(n, rows, rows)``
            In logits per unit of brightness.
        """
        logits, gradients = [], []
        for batch in _as_tensor(patches).split(GRADIENT_BATCH_SIZE):
            on_device = batch.to(self.device).requires_grad_()
            logit = self.logit(on_device)
            (gradient,) = torch.autograd.grad(logit.sum(), on_device)
            logits.append(logit.detach().double().cpu())
            gradients.append(gradient.double().cpu())
        return torch.cat(logits).numpy(), torch.cat(gradients).numpy()

    def inputs(self, patches: Tensor) -> Tensor:
        """Compute the networks' inputs ``(n, 1, side, side)``, before flips."""
        return to_input(patches.to(self.device), self.input)


def make_differentiable(
    ensemble: Ensemble,
    projection: str = "",
    *,
    members: Collection[str] | None = None,
    flips: bool | None = None,
    views: int = 2,
) -> DifferentiableEnsemble:
    """Make an ensemble differentiable, for patches of one projection.

    Parameters
    ----------
    ensemble
        The ensemble.
    projection
        ``CC`` or ``MLO``, for the members that support it; empty for all members.
    members
        Names of the members to use, as from :func:`mammopair.evaluation.out_of_fold_members`; all
        if None.
    flips
        Whether to average the four flips; as the ensemble does if None. Without flips it is four
        times as fast, but explains a noisier logit than the ensemble's.
    views
        Number of views on which the lesion is marked; it selects the calibration.

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
            ensemble.manifest.name,
            f"has no member for {projection or 'any'} views{among}; use another ensemble",
        )
    return DifferentiableEnsemble(
        networks=tuple(ensemble.networks[name] for name in chosen),
        input=ensemble.manifest.input,
        calibration=ensemble.manifest.calibration_of(views),
        flips=ensemble.manifest.flips if flips is None else flips,
    )


def split_members(model: DifferentiableEnsemble) -> list[DifferentiableEnsemble]:
    """Return each member by itself, to measure how far they agree."""
    return [replace(model, networks=(network,)) for network in model.networks]


def mean_probability(logits: Floats) -> Floats:
    """Average the probabilities of calibrated logits over the members, the last axis."""
    return sigmoid(logits).clip(PROBABILITY_MARGIN, 1 - PROBABILITY_MARGIN).mean(axis=-1)


def _linear(network: nn.Module) -> nn.Linear:
    linear: nn.Linear = network.fc  # type: ignore[assignment]
    return linear


def _as_tensor(patches: Patches) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(patches, dtype=np.float32))

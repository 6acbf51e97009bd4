"""The ensemble: its members, loaded and verified, and their predictions for patches."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from mammopair.calibration.conformal import scores_of_other_folds
from mammopair.errors import InputError
from mammopair.model.batch_norm import prepare_for_inference
from mammopair.model.device import choose_device
from mammopair.model.ensemble_folder import find_ensemble
from mammopair.model.inference import prepare_inputs, run_network
from mammopair.model.manifest import (
    MANIFEST_FILE,
    Manifest,
    MemberEntry,
    read_manifest,
    with_cross_fit,
)
from mammopair.model.reference_distribution import ReferenceDistribution, load_reference
from mammopair.model.weights import file_sha256, load_weights
from mammopair.warning import CodedWarning

Result = TypeVar("Result")


@dataclass(frozen=True)
class MemberOutput:
    """Outputs of one member for ``n`` patches, before calibration.

    A member may support one projection only; the outputs for other patches are NaN.
    """

    member: str
    logits: npt.NDArray[np.float64]
    """``(n,)``: logits of malignancy."""
    maps: npt.NDArray[np.float64]
    """``(n, h, w)``: class activation in logits; ``maps.mean((1, 2)) + bias == logits``.
    ``h`` and ``w`` are 1 if the member supports none of the patches."""
    bias: float
    descriptor_logits: npt.NDArray[np.float64]
    """``(n, descriptors)``: logits of the manifest's concepts."""
    pooled: npt.NDArray[np.float64]
    """``(n, channels)``: pooled features, the input of the last, linear layer."""


@dataclass
class Ensemble:
    """Trained members on a device. Made by :func:`load_ensemble`."""

    manifest: Manifest
    sha256: str
    """SHA-256 of the manifest, which contains those of the weights."""
    folder: Path
    networks: dict[str, nn.Module]
    """By member name: in evaluation mode, batch norms folded, channels last. Ensembles that were
    derived from one another share the networks, and so their device."""
    warnings: list[CodedWarning] = field(default_factory=list)
    """Events that the user must know of, such as a change of device."""
    reference: ReferenceDistribution | None = None
    """Out-of-fold scores and features; older ensembles have none."""

    @property
    def device(self) -> torch.device:
        """Device of the networks; the CPU if there are none."""
        devices = (next(network.parameters()).device for network in self.networks.values())
        return next(devices, torch.device("cpu"))

    @property
    def members(self) -> list[MemberEntry]:
        """The loaded members, in the manifest's order."""
        return [entry for entry in self.manifest.members if entry.name in self.networks]

    def predict(
        self, patches: npt.NDArray[np.float32], projections: Sequence[str]
    ) -> Iterator[MemberOutput]:
        """Run one member after the other on all patches of its projections.

        Parameters
        ----------
        patches
            ``(n, rows, rows)``, in [0, 1], bright where dense.
        projections
            ``n`` times ``CC`` or ``MLO``.

        Yields
        ------
        MemberOutput
            One for each of :attr:`members`, computed when it is requested.
        """
        spec = self.manifest.input
        images = self._retry_on_cpu(lambda: prepare_inputs(patches, spec, self.device))
        for entry in self.members:
            supported = np.array([projection in entry.views for projection in projections])
            yield self._run_member(entry.name, images, supported)

    def select_members(self, names: set[str]) -> Ensemble:
        """Return the same ensemble with some of its members."""
        chosen = {name: network for name, network in self.networks.items() if name in names}
        return replace(self, networks=chosen)

    def out_of_fold(self, fold: int) -> Ensemble:
        """Return the part of the ensemble that may score the training patients of a fold.

        It has the members that were not trained on the fold, and calibration, thresholds and
        conformal scores of the other folds, if there are any. It has no feature distributions,
        because those of its members were fitted to crops of the fold.
        """
        names = {entry.name for entry in self.members if entry.fold == fold}
        part = self.select_members(names)
        cross_fit = next((fit for fit in self.manifest.cross_fits if fit.fold == fold), None)
        if cross_fit:
            part.manifest = with_cross_fit(self.manifest, cross_fit)
        if self.reference:
            scores = scores_of_other_folds(self.reference.scores, fold)
            part.reference = ReferenceDistribution(scores=scores, features={})
        return part

    def _run_member(
        self, member: str, images: Tensor, supported: npt.NDArray[np.bool_]
    ) -> MemberOutput:
        """Run a member on those prepared images that are of its projections."""
        network = self.networks[member]
        linear: nn.Linear = network.fc  # type: ignore[assignment]
        weight, bias = (part.double().cpu().numpy() for part in (linear.weight, linear.bias))
        output = self._retry_on_cpu(
            lambda: run_network(
                network, images[torch.from_numpy(supported)], flips=self.manifest.flips
            )
        )
        maps, pooled = (
            np.full((len(images), *part.shape[1:]), np.nan) for part in (output.maps, output.pooled)
        )
        maps[supported], pooled[supported] = output.maps.numpy(), output.pooled.numpy()
        return MemberOutput(
            member=member,
            logits=maps.mean(axis=(1, 2)) + bias[0],
            maps=maps,
            bias=float(bias[0]),
            descriptor_logits=pooled @ weight[1:].T + bias[1:],
            pooled=pooled,
        )

    def _retry_on_cpu(self, compute: Callable[[], Result]) -> Result:
        """Compute, and once more on the CPU if the GPU runs out of memory."""
        try:
            return compute()
        except torch.OutOfMemoryError:
            self._move_to_cpu()
            return compute()

    def _move_to_cpu(self) -> None:
        for network in self.networks.values():
            network.to("cpu")
        self.warnings.append(
            CodedWarning(
                code="out-of-gpu-memory",
                message="The GPU ran out of memory, so the CPU was used, which is slower.",
            )
        )


def load_ensemble(name_or_path: str | Path | None = None, device: str = "auto") -> Ensemble:
    """Load an ensemble and verify its weights.

    Parameters
    ----------
    name_or_path
        Name of an ensemble in this package, or path of a folder; the default ensemble if None.
    device
        ``auto``, ``cuda``, ``cuda:N``, ``mps`` or ``cpu``.

    Raises
    ------
    InputError
        If there is no such ensemble or device, its manifest is invalid, or weights are missing,
        were changed, or do not fit the network.
    """
    folder = find_ensemble(name_or_path)
    manifest = read_manifest(folder)
    target = choose_device(device)
    networks = {
        entry.name: load_member(manifest, entry, folder).to(target) for entry in manifest.members
    }
    file = manifest.reference
    reference = load_reference(folder / file.file, file.sha256) if file else None
    sha256 = file_sha256(folder / MANIFEST_FILE)
    return Ensemble(manifest, sha256, folder, networks, reference=reference)


def load_member(manifest: Manifest, entry: MemberEntry, folder: Path) -> nn.Module:
    """Load one member on the CPU: in evaluation mode, batch norms folded, channels last.

    Raises
    ------
    InputError
        If the weights are missing, were changed, or do not fit the network.
    """
    path = folder / entry.file
    network = manifest.network.build(1 + len(manifest.concepts))
    try:
        keys = network.load_state_dict(load_weights(path, entry.sha256), strict=False)
        fits = not keys.unexpected_keys and all(
            name.endswith("num_batches_tracked") for name in keys.missing_keys
        )
    except RuntimeError:
        fits = False
    if not fits:
        raise InputError(
            path, "does not fit the network in the manifest; reinstall or export the ensemble again"
        )
    return prepare_for_inference(network)

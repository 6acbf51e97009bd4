"""The ensemble: members loaded, verified and made fast, and what they say of patches."""

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
from mammopair.model.batch_norm import fold_batch_norms
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
    """What one member says of ``n`` patches, before calibration.

    NaN stands for the patches that it does not read, since a member may read one projection only.
    """

    member: str
    logits: npt.NDArray[np.float64]
    """``(n,)``"""
    maps: npt.NDArray[np.float64]
    """``(n, h, w)``: class activation in logits; ``maps.mean((1, 2)) + bias == logits``.
    Of one cell each where the member reads none of the patches."""
    bias: float
    descriptor_logits: npt.NDArray[np.float64]
    """``(n, words)``: logits of the manifest's concepts."""
    pooled: npt.NDArray[np.float64]
    """``(n, channels)``: the features that all logits are linear in."""


@dataclass
class Ensemble:
    """Trained members on a device. Made by :func:`load_ensemble`."""

    manifest: Manifest
    sha256: str
    """Of the manifest, which holds those of the weights."""
    folder: Path
    networks: dict[str, nn.Module]
    """By member name, in evaluation mode, batch norms folded, channels last. Parts of an ensemble
    share them, so what one of them moves to another device is moved for all."""
    warnings: list[CodedWarning] = field(default_factory=list)
    """What happened on the way that the user ought to know, such as a change of device."""
    reference: ReferenceDistribution | None = None
    """What held-out lesions and crops were like; older ensembles have none."""

    @property
    def device(self) -> torch.device:
        """Where the networks are; the CPU where there are none."""
        places = (next(network.parameters()).device for network in self.networks.values())
        return next(places, torch.device("cpu"))

    def predict(
        self, patches: npt.NDArray[np.float32], projections: Sequence[str]
    ) -> Iterator[MemberOutput]:
        """Have each member in turn read all patches of its projections, as one batch.

        Parameters
        ----------
        patches
            ``(n, rows, rows)``, in [0, 1], bright where dense.
        projections
            ``n`` times ``CC`` or ``MLO``.
        """
        spec = self.manifest.input
        images = self._or_on_the_cpu(lambda: prepare_inputs(patches, spec, self.device))
        for entry in self.members:
            mine = np.array([projection in entry.views for projection in projections])
            yield self._read(entry.name, images, mine)

    @property
    def members(self) -> list[MemberEntry]:
        """The members that are here, in the manifest's order."""
        return [entry for entry in self.manifest.members if entry.name in self.networks]

    def select_members(self, names: set[str]) -> Ensemble:
        """The same ensemble with some of its members."""
        chosen = {name: network for name, network in self.networks.items() if name in names}
        return replace(self, networks=chosen)

    def out_of_fold(self, fold: int) -> Ensemble:
        """As it may score the training patients of a fold.

        Without the members that were trained on them, and without what calibration, thresholds
        and reference took from them: the other folds' stand in, as far as there are any. What is
        usual is left out, as the fold's own crops made it.
        """
        names = {entry.name for entry in self.members if entry.fold == fold}
        part = replace(self, networks={name: self.networks[name] for name in names})
        cross_fit = next((fit for fit in self.manifest.cross_fits if fit.fold == fold), None)
        if cross_fit:
            part.manifest = with_cross_fit(self.manifest, cross_fit)
        if self.reference:
            scores = scores_of_other_folds(self.reference.scores, fold)
            part.reference = ReferenceDistribution(scores=scores, features={})
        return part

    def _read(self, member: str, images: Tensor, mine: npt.NDArray[np.bool_]) -> MemberOutput:
        """Have a member read those of prepared patches that are of its projections."""
        network = self.networks[member]
        linear: nn.Linear = network.fc  # type: ignore[assignment]
        weight, bias = (part.double().cpu().numpy() for part in (linear.weight, linear.bias))
        read = self._or_on_the_cpu(
            lambda: run_network(network, images[torch.from_numpy(mine)], flips=self.manifest.flips)
        )
        maps, pooled = (
            np.full((len(images), *part.shape[1:]), np.nan) for part in (read.maps, read.pooled)
        )
        maps[mine], pooled[mine] = read.maps.numpy(), read.pooled.numpy()
        return MemberOutput(
            member=member,
            logits=maps.mean(axis=(1, 2)) + bias[0],
            maps=maps,
            bias=float(bias[0]),
            descriptor_logits=pooled @ weight[1:].T + bias[1:],
            pooled=pooled,
        )

    def _or_on_the_cpu(self, work: Callable[[], Result]) -> Result:
        """Do work, and once more on the CPU if the GPU's memory is too small for it."""
        try:
            return work()
        except torch.OutOfMemoryError:
            self._move_to_cpu()
            return work()

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
    """Load an ensemble that ships, by name, or one in a folder, and verify its weights.

    Raises
    ------
    InputError
        If there is no such ensemble, its manifest is wrong, or weights are missing, changed,
        or do not fit the network.
    """
    folder = find_ensemble(name_or_path)
    manifest = read_manifest(folder)
    target = choose_device(device)
    networks = {
        entry.name: load_member(manifest, entry, folder).to(target) for entry in manifest.members
    }
    kept = manifest.reference
    reference = load_reference(folder / kept.file, kept.sha256) if kept else None
    sha256 = file_sha256(folder / MANIFEST_FILE)
    return Ensemble(manifest, sha256, folder, networks, reference=reference)


def load_member(manifest: Manifest, entry: MemberEntry, folder: Path) -> nn.Module:
    """One member, in evaluation mode, folded, channels last, on the CPU."""
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
        raise InputError(path, "does not fit the network that the manifest describes")
    folded = fold_batch_norms(network.eval().requires_grad_(False))
    return folded.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

"""What computes the networks: torch, or OpenVINO on the CPU, with the same numbers to 1e-4.

Only the layers before the global average pooling are handed over; the maps and the pooled features
are made of their output as always, so everything after them is the same code.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from mammopair.errors import InputError

if TYPE_CHECKING:
    from torch import Tensor, nn

    from mammopair.model.ensemble import Ensemble

RUNTIMES = ("torch", "openvino")


def with_runtime(ensemble: Ensemble, runtime: str) -> Ensemble:
    """The same ensemble, computed by a runtime.

    Raises
    ------
    InputError
        If there is no such runtime, it is not installed, or the ensemble is not on the CPU.
    """
    if runtime == "torch":
        return ensemble
    if runtime != "openvino":
        raise InputError("runtime", f"{runtime!r} is none of {', '.join(RUNTIMES)}")
    if ensemble.device.type != "cpu":
        raise InputError(
            "runtime", f"openvino computes on the CPU, not on {ensemble.device}; give --device cpu"
        )
    side = ensemble.manifest.input.side
    networks = {
        name: _with_features(network, compile_features(network, side))
        for name, network in ensemble.networks.items()
    }
    return replace(ensemble, networks=networks)


def compile_features(network: nn.Module, side: int) -> Callable[[Tensor], Tensor]:
    """``network.features``, ``(n, 1, side, side)`` to ``(n, channels, h, w)``, through OpenVINO.

    In float32 whatever the hardware offers, with as many threads as torch has now.

    Raises
    ------
    InputError
        If OpenVINO is not installed.
    """
    import torch

    try:
        import openvino
    except ModuleNotFoundError as error:
        raise InputError(
            "openvino", 'is not installed; run: pip install "mammopair[openvino]"'
        ) from error

    class Features(torch.nn.Module):
        def forward(self, images: Tensor) -> Tensor:
            features: Tensor = network.features(images)  # type: ignore[operator]
            return features

    holder = Features().eval()
    holder.network = network  # its weights are found through it
    converted = openvino.convert_model(holder, example_input=torch.zeros(2, 1, side, side))
    converted.reshape([-1, 1, side, side])
    settings = {
        "INFERENCE_NUM_THREADS": torch.get_num_threads(),
        "INFERENCE_PRECISION_HINT": "f32",
        "ENABLE_CPU_PINNING": False,  # processes beside each other would all be pinned to core 0
        "PERFORMANCE_HINT": "LATENCY",
    }
    request = openvino.Core().compile_model(converted, "CPU", settings).create_infer_request()

    def features(images: Tensor) -> Tensor:
        output = request.infer([images.contiguous().numpy()], share_inputs=True)[0]
        return torch.from_numpy(output.copy())

    return features


def _with_features(network: nn.Module, features: Callable[[Tensor], Tensor]) -> nn.Module:
    changed = copy.copy(network)
    changed.features = features  # type: ignore[assignment]
    return changed

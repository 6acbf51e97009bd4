"""Inference runtimes: torch, or OpenVINO on the CPU, whose results differ by at most 1e-4.

Only the layers before the global average pooling run in OpenVINO. Maps and pooled features are
computed from its output by the same code as with torch.
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
    """Return the ensemble with its networks in a runtime.

    Raises
    ------
    InputError
        If the runtime is unknown or not installed, or the ensemble is not on the CPU.
    """
    if runtime == "torch":
        return ensemble
    if runtime != "openvino":
        raise InputError("runtime", f"is {runtime!r}; it must be {' or '.join(RUNTIMES)}")
    if ensemble.device.type != "cpu":
        raise InputError(
            "runtime",
            f"openvino runs on the CPU, but the ensemble is on {ensemble.device}; use --device cpu",
        )
    side = ensemble.manifest.input.side
    networks = {
        name: _with_features(network, compile_features(network, side))
        for name, network in ensemble.networks.items()
    }
    return replace(ensemble, networks=networks)


def compile_features(network: nn.Module, side: int) -> Callable[[Tensor], Tensor]:
    """Compile ``network.features`` with OpenVINO.

    It computes in float32 on any hardware, with as many threads as torch has now.

    Parameters
    ----------
    network
        In evaluation mode, on the CPU.
    side
        Rows and columns of its input.

    Returns
    -------
    callable
        ``(n, 1, side, side)`` to ``(n, channels, h, w)``.

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

    module = Features().eval()
    module.network = network  # registers the weights, so that the conversion finds them
    converted = openvino.convert_model(module, example_input=torch.zeros(2, 1, side, side))
    converted.reshape([-1, 1, side, side])
    settings = {
        "INFERENCE_NUM_THREADS": torch.get_num_threads(),
        "INFERENCE_PRECISION_HINT": "f32",
        "ENABLE_CPU_PINNING": False,  # otherwise all worker processes are pinned to core 0
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

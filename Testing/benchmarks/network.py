"""Speed of one member in torch, folded and channels last, relative to OpenVINO.

Both run in float32 on the same number of threads, in turn in one process, after their outputs were
found to be equal. Run from the root of the repository, with the extra ``openvino`` installed::

    python -m Testing.benchmarks.network [ENSEMBLE] [--threads N]
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from importlib.util import find_spec

import numpy as np
import torch
from torch import Tensor, nn

from mammopair.model.ensemble import load_ensemble
from Testing.benchmarks.timing import print_times, print_verdict, speed_ratio, time_in_turn

BATCHES = (8, 32)
"""Images per pass: the four flips of one pair, and those of four pairs."""
ROUNDS = 15
TARGET = 0.8


class ClassActivation(nn.Module):
    """The part of a member that an ensemble runs: images to class activation maps."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: Tensor) -> Tensor:
        """``(n, 1, side, side)`` to ``(n, h, w)``."""
        return self.network.class_activation(self.network.features(images))[:, 0]


def through_torch(network: nn.Module, images: Tensor) -> Callable[[], np.ndarray]:
    """Return a function that runs a member as an ensemble does."""
    images = images.contiguous(memory_format=torch.channels_last)

    @torch.inference_mode()
    def run() -> np.ndarray:
        return network(images).numpy()

    return run


def through_openvino(network: nn.Module, images: Tensor, threads: int) -> Callable[[], np.ndarray]:
    """Return a function that runs the network in OpenVINO, in float32."""
    import openvino

    converted = openvino.convert_model(network, example_input=images)
    converted.reshape(list(images.shape))
    settings = {
        "INFERENCE_NUM_THREADS": threads,
        "INFERENCE_PRECISION_HINT": "f32",
        "PERFORMANCE_HINT": "LATENCY",
    }
    request = openvino.Core().compile_model(converted, "CPU", settings).create_infer_request()
    pixels = images.contiguous().numpy()

    def run() -> np.ndarray:
        return request.infer([pixels], share_inputs=True, share_outputs=True)[0]

    return run


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "ensemble", nargs="?", help="Name or folder of an ensemble; the default one if omitted."
    )
    parser.add_argument("--threads", type=int, default=1)
    chosen = parser.parse_args()
    if not find_spec("openvino"):
        print('openvino is not installed; run: pip install "mammopair[openvino]"')
        return
    torch.set_num_threads(chosen.threads)

    ensemble = load_ensemble(chosen.ensemble, device="cpu")
    entry, side = ensemble.members[0], ensemble.manifest.input.side
    member = ClassActivation(ensemble.networks[entry.name]).eval()
    print(
        f"{ensemble.manifest.name} {ensemble.manifest.version}, member {entry.name}: "
        f"{side} x {side} pixels, threads: {chosen.threads}, rounds: {ROUNDS}"
    )
    ratios = []
    for batch in BATCHES:
        images = torch.rand(batch, 1, side, side, generator=torch.Generator().manual_seed(0))
        runtimes = {
            "ours": through_torch(member, images),
            "OpenVINO": through_openvino(member, images, chosen.threads),
        }
        outputs = [run() for run in runtimes.values()]
        np.testing.assert_allclose(*outputs, rtol=1e-3, atol=1e-3 * np.abs(outputs[0]).max())
        print(f"\n{batch} images per pass")
        seconds = time_in_turn(runtimes, ROUNDS)
        print_times(seconds, "ours")
        ratios.append(speed_ratio(seconds, "ours", "OpenVINO"))
    print()
    print_verdict("speed relative to OpenVINO, the lower of the two batches", min(ratios), TARGET)


if __name__ == "__main__":
    main()

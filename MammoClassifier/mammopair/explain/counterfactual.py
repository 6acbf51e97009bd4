"""The moved image: the lesion itself, changed step by step towards malignant or benign.

Our reconstruction of "a novel method to visualize what features the neural network detects" (Yi
et al. 2017, https://arxiv.org/abs/1705.06362), whose description cannot be read. It is gradient
ascent on the input (Simonyan et al. 2014, https://arxiv.org/abs/1312.6034) that starts from the
lesion and is held to pictures of that lesion by named :class:`Constraints`. It shows what the
networks would have to see to answer otherwise; it is no forecast of how a lesion looks later.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from mammopair.explain.brightness import FLATTEST, constrain_brightness, contrast
from mammopair.explain.structural_similarity import structural_similarity
from mammopair.progress import Progress

if TYPE_CHECKING:
    from mammopair.explain.differentiable_ensemble import DifferentiableEnsemble

Floats = npt.NDArray[np.float64]
Patches = npt.NDArray[np.float32]
Direction = Literal["malignant", "benign"]
DIRECTIONS: tuple[Direction, Direction] = ("malignant", "benign")
SMOOTH = 1e-4
"""Slope, in contrasts a pixel, under which the total variation is rounded."""


@dataclass(frozen=True, kw_only=True)
class Constraints:
    """What keeps a moved image an image of the same lesion.

    Beside these, its brightness stays in the range of the patch and of the training crops, see
    :mod:`mammopair.explain.brightness`.
    """

    steps: int = 6
    step: float = 0.012
    """Root mean square of one step, in contrasts: the patch's 99th less its 1st percentile."""
    low_pass: float = 1 / 64
    """Standard deviation, in patch sides, of the Gaussian that each step is smoothed by."""
    total_variation: float = 0.1
    """Logits that the change costs for a mean slope of one contrast a patch side."""
    least_similarity: float = 0.85
    """Structural similarity to the original under which no step leads."""


@dataclass(frozen=True)
class Counterfactual:
    """``n`` patches on their way towards malignant or benign."""

    towards: Direction
    path: Patches
    """``(steps + 1, n, rows, rows)``: the original first; where no step was constrained_step, it stays."""
    logits: Floats
    """``(steps + 1, n)``: mean calibrated logits, read as the ensemble reads in use."""
    probabilities: Floats
    """``(steps + 1, n)``: the members' mean, likewise."""
    similarity: Floats
    """``(steps + 1, n)``: structural similarity to the original."""

    @property
    def end(self) -> Patches:
        """``(n, rows, rows)``: the moved images."""
        return self.path[-1]


def generate_counterfactual(
    reader: DifferentiableEnsemble,
    patches: Patches,
    towards: Direction,
    constraints: Constraints | None = None,
) -> Generator[Progress, None, Counterfactual]:
    """Move patches ``(n, rows, rows)``, in [0, 1], step by step; closing the generator cancels.

    A step follows the gradient of the members' mean logit at one mirroring, each in its turn, as
    all four would take four times as long; logits and probabilities are those of all four.
    A patch without contrast stays as it is.
    """
    from mammopair.explain.differentiable_ensemble import mean_probability

    held = constraints or Constraints()
    path = [patches]
    for number in range(held.steps):
        yield Progress(number, 2 * held.steps + 1, f"Moving the image towards {towards}")
        step = gradient_step(reader, patches, path[-1], towards, held, number)
        path.append(constrained_step(patches, path[-1], step, held))
    readings = []
    for number, image in enumerate(path):
        yield Progress(held.steps + number, 2 * held.steps + 1, "Reading the moved images")
        readings.append(reader.predict_member_logits(image))
    return Counterfactual(
        towards=towards,
        path=np.stack(path),
        logits=np.stack(readings).mean(axis=-1),
        probabilities=mean_probability(np.stack(readings)),
        similarity=np.stack([structural_similarity(patches, image) for image in path]),
    )


def gradient_step(
    reader: DifferentiableEnsemble,
    original: Patches,
    patches: Patches,
    towards: Direction,
    constraints: Constraints,
    number: int,
) -> Patches:
    """The step ``(n, rows, rows)`` that is tried next, before it is held to the picture.

    The smoothed gradient of ``logit - total variation of the change``, scaled to one size.
    """
    from scipy.ndimage import gaussian_filter

    axes = reader.flip_axes[number % len(reader.flip_axes)]
    _, slopes = replace(reader, flips=False).gradient(np.flip(patches, axes))
    slopes = np.flip(slopes, axes) if towards == "malignant" else -np.flip(slopes, axes)
    scale = np.array([contrast(patch) for patch in original])[:, None, None]
    change = (patches - original) / np.maximum(scale, FLATTEST)
    slopes = slopes * scale - constraints.total_variation * variation_slope(change)
    sigma = constraints.low_pass * patches.shape[-1]
    smooth = gaussian_filter(slopes, (0, sigma, sigma), mode="nearest")
    size = np.sqrt((smooth**2).mean(axis=(1, 2), keepdims=True))
    step = constraints.step * scale * smooth / np.maximum(size, 1e-12)
    return np.where(scale < FLATTEST, 0.0, step).astype(np.float32)


def constrained_step(
    original: Patches, patches: Patches, step: Patches, constraints: Constraints
) -> Patches:
    """Patches after a step, or before it where it would lead too far from the original."""
    tried = np.stack(
        [constrain_brightness(*pair) for pair in zip(original, patches + step, strict=True)]
    )
    near = structural_similarity(original, tried) >= constraints.least_similarity
    return np.where(near[:, None, None], tried, patches)


def variation_slope(change: Floats) -> Floats:
    """How the total variation of ``(n, rows, rows)`` grows with each pixel.

    The total variation is the mean length of the slope, per patch side (Rudin, Osher & Fatemi,
    Physica D 60:259, 1992), smoothed at 0; its derivative is minus the divergence of the slope's
    direction.
    """
    down = np.diff(change, axis=1, append=change[:, -1:])
    across = np.diff(change, axis=2, append=change[:, :, -1:])
    length = np.sqrt(down**2 + across**2 + SMOOTH**2)
    flow, side_flow = down / length, across / length
    divergence = np.diff(flow, axis=1, prepend=0) + np.diff(side_flow, axis=2, prepend=0)
    return -divergence / change.shape[-1]

"""Counterfactual images: the lesion, changed step by step towards malignant or benign.

Our reconstruction of "a novel method to visualize what features the neural network detects" (Yi
et al. 2017, https://arxiv.org/abs/1705.06362), of which only the abstract is available. It is
gradient ascent on the input (Simonyan et al. 2014, https://arxiv.org/abs/1312.6034), starting from
the lesion and limited by :class:`Constraints` so that the image remains one of the same lesion. It
shows which changes would change the networks' output; it does not predict how a lesion develops.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from mammopair.explain.brightness import MIN_CONTRAST, constrain_brightness, contrast
from mammopair.explain.structural_similarity import structural_similarity
from mammopair.progress import Progress

if TYPE_CHECKING:
    from mammopair.explain.differentiable_ensemble import DifferentiableEnsemble

Floats = npt.NDArray[np.float64]
Patches = npt.NDArray[np.float32]
Direction = Literal["malignant", "benign"]
DIRECTIONS: tuple[Direction, Direction] = ("malignant", "benign")
GRADIENT_SMOOTHING = 1e-4
"""Image gradient, in contrasts per pixel, below which the total variation is rounded off."""


@dataclass(frozen=True, kw_only=True)
class Constraints:
    """Limits that keep a counterfactual image an image of the same lesion.

    In addition its brightness is limited, see :mod:`mammopair.explain.brightness`. Lengths are
    relative to the side of the patch, brightness to its contrast: the 99th minus the 1st
    percentile.
    """

    steps: int = 6
    step: float = 0.012
    """Root mean square of the change in one step, in contrasts."""
    low_pass: float = 1 / 64
    """Standard deviation, in patch sides, of the Gaussian that smooths each step."""
    total_variation: float = 0.1
    """Penalty of the total variation of the change: logits for a mean gradient of one contrast per
    patch side."""
    min_similarity: float = 0.85
    """Minimum structural similarity to the original; a step below it is rejected."""


@dataclass(frozen=True)
class Counterfactual:
    """Counterfactual images of ``n`` patches, and the steps towards them."""

    towards: Direction
    path: Patches
    """``(steps + 1, n, rows, rows)``: the original first; unchanged where a step is rejected."""
    logits: Floats
    """``(steps + 1, n)``: mean calibrated logits of the ensemble."""
    probabilities: Floats
    """``(steps + 1, n)``: mean probabilities of the members."""
    similarity: Floats
    """``(steps + 1, n)``: structural similarity to the original."""

    @property
    def end(self) -> Patches:
        """``(n, rows, rows)``: the counterfactual images."""
        return self.path[-1]


def generate_counterfactual(
    model: DifferentiableEnsemble,
    patches: Patches,
    towards: Direction,
    constraints: Constraints | None = None,
) -> Generator[Progress, None, Counterfactual]:
    """Change patches step by step; closing the generator cancels.

    A step follows the gradient of the members' mean logit for one of the four flips, in turn, since
    the gradient for all four would take four times as long. Logits and probabilities in the result
    are those of the ensemble, with all flips. A patch without contrast is not changed.

    Parameters
    ----------
    model
        The ensemble.
    patches
        ``(n, rows, rows)``, in [0, 1].
    towards
        The class whose probability is to be raised.
    constraints
        Limits; the default ones if None.
    """
    from mammopair.explain.differentiable_ensemble import mean_probability

    limits = constraints or Constraints()
    path = [patches]
    for number in range(limits.steps):
        yield Progress(number, limits.steps + 1, f"Changing the image towards {towards}")
        step = gradient_step(model, patches, path[-1], towards, limits, number)
        path.append(constrained_step(patches, path[-1], step, limits))
    yield Progress(limits.steps, limits.steps + 1, "Classifying the changed images")
    member_logits = model.predict_member_logits(np.concatenate(path))
    member_logits = member_logits.reshape(len(path), len(patches), -1)
    return Counterfactual(
        towards=towards,
        path=np.stack(path),
        logits=member_logits.mean(axis=-1),
        probabilities=mean_probability(member_logits),
        similarity=np.stack([structural_similarity(patches, image) for image in path]),
    )


def gradient_step(
    model: DifferentiableEnsemble,
    original: Patches,
    patches: Patches,
    towards: Direction,
    constraints: Constraints,
    number: int,
) -> Patches:
    """Compute the next step ``(n, rows, rows)``, before similarity and brightness are limited.

    It is the smoothed gradient of ``logit - penalty of the change's total variation``, scaled to a
    fixed root mean square.
    """
    from scipy.ndimage import gaussian_filter

    axes = model.flip_axes[number % len(model.flip_axes)]
    _, gradient = replace(model, flips=False).gradient(np.flip(patches, axes))
    gradient = np.flip(gradient, axes) if towards == "malignant" else -np.flip(gradient, axes)
    scale = np.array([contrast(patch) for patch in original])[:, None, None]
    change = (patches - original) / np.maximum(scale, MIN_CONTRAST)
    gradient = gradient * scale - constraints.total_variation * total_variation_gradient(change)
    sigma = constraints.low_pass * patches.shape[-1]
    smooth = gaussian_filter(gradient, (0, sigma, sigma), mode="nearest")
    size = np.sqrt((smooth**2).mean(axis=(1, 2), keepdims=True))
    step = constraints.step * scale * smooth / np.maximum(size, 1e-12)
    return np.where(scale < MIN_CONTRAST, 0.0, step).astype(np.float32)


def constrained_step(
    original: Patches, patches: Patches, step: Patches, constraints: Constraints
) -> Patches:
    """Apply a step to each patch, unless it makes the patch too dissimilar to the original."""
    changed = np.stack(
        [constrain_brightness(*pair) for pair in zip(original, patches + step, strict=True)]
    )
    similar = structural_similarity(original, changed) >= constraints.min_similarity
    return np.where(similar[:, None, None], changed, patches)


def total_variation_gradient(change: Floats) -> Floats:
    """Compute the gradient of the total variation of images ``(n, rows, rows)``.

    The total variation is the mean magnitude of the image gradient, per patch side (Rudin, Osher &
    Fatemi, Physica D 60:259, 1992), rounded off at 0; its gradient is minus the divergence of the
    image gradient's direction.
    """
    down = np.diff(change, axis=1, append=change[:, -1:])
    across = np.diff(change, axis=2, append=change[:, :, -1:])
    magnitude = np.sqrt(down**2 + across**2 + GRADIENT_SMOOTHING**2)
    down, across = down / magnitude, across / magnitude
    divergence = np.diff(down, axis=1, prepend=0) + np.diff(across, axis=2, prepend=0)
    return -divergence / change.shape[-1]

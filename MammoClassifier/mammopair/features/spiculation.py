"""Spiculation: lines and gradients along the radius, measured on a bare patch.

No outline is needed, only the box: all is measured in a ring about its centre, from 0.6 to 1.6
times half its longer side. The patch is first brought to 128 cells a side, so that the sharpness
of the film tells little, and its local mean and contrast are taken out, so that neither brightness
nor contrast nor, nearly, a tone curve changes the result.

**Lines.** The Hessian at Gaussian scales of 1, 1.5 and 2.25 cells gives in each cell the strength
of a bright line, ``S = min(l2 - l1, -(l1 + l2))`` for curvatures ``l1 <= l2``, nil for blobs, and
the angle ``D`` between the line and the radius; the scale with the strongest line counts. That is
the bank of second-order filters of Karssemeijer & te Brake, IEEE Trans Med Imaging 15:611 (1996),
in its closed form, without their model of noise. ``cos 2D`` is 1 for a line along the radius, 0 on
average for lines in all directions, -1 for a line around the centre, such as a smooth margin is.

A patch that is flat, or has too little film in the ring, gets :data:`NONE`.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt

from mammopair.features.feature import Feature
from mammopair.features.marked_patch import MarkedPatch, mark
from mammopair.view import Box

CELLS = 128
"""Rows and columns in which lines are sought."""
SCALES = (1.0, 1.5, 2.25)
"""Standard deviations of the filters, in cells."""
INNER, OUTER = 0.6, 1.6
"""The ring, in half longer sides of the box."""
NEIGHBOURHOOD = 8.0
"""Standard deviation, in cells, of the surroundings that contrast is relative to."""
STRONG = 0.3
"""Part of the ring that holds its strongest lines."""
TARGET = 0.3
"""Radius of the middle that a line may point to, in half longer sides of the box."""
SECTORS = 24
"""Directions from the centre that are told apart."""
SLOPE_SCALE = 1.5
"""Standard deviation, in cells, at which gradients are taken."""
LEAST_CELLS = 100
"""Of film in the ring."""
TINY = 1e-9

Image = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Spiculation:
    """The measures of one patch; :attr:`radial_lines` is the one to quote."""

    radial_lines: float
    """Mean ``cos 2D`` of the strongest lines, [-1, 1]; higher is more spiculated."""
    radial_line_share: float
    """Mean ``cos 2D`` of all lines, weighted by their strength, [-1, 1]."""
    pointing: float
    """Share of the strongest lines that point to the middle, less that expected by chance."""
    spread: float
    """Share of directions in which lines along the radius outweigh lines around it, [0, 1]."""
    radial_gradient: float
    """Mean ``cos A``, weighted by the gradient; ``A`` between downhill and outwards, [-1, 1]."""
    normalised_radial_gradient: float
    """The same, unweighted."""
    gradient_spread: float
    """Circular variance of ``A``, weighted by the gradient, [0, 1]; 1 is downhill all ways."""
    cross_gradient: float
    """Mean ``|sin A|`` after local contrast was taken out, weighted by the gradient, [0, 1]."""


NONE = Spiculation(0.0, 0.0, 0.0, 0.5, 0.0, 0.0, 1.0, 2 / np.pi)
"""What a patch without any structure gets: as many lines in one direction as in another."""

_LINES = "Karssemeijer & te Brake, IEEE Trans Med Imaging 15:611 (1996)"
_GRADIENT = "Kupinski & Giger, IEEE Trans Med Imaging 17:510 (1998)"
_HUO = "Huo et al., Med Phys 22:1569 (1995)"
FEATURES = (
    Feature("spiculation_radial_lines", "1", "mean cos 2D of the strongest lines", _LINES),
    Feature("spiculation_radial_line_share", "1", "mean cos 2D weighted by strength", _LINES),
    Feature("spiculation_pointing", "1", "lines to the middle, less chance (f1)", _LINES),
    Feature("spiculation_spread", "1", "share of directions with radial lines (f2)", _LINES),
    Feature("spiculation_radial_gradient", "1", "radial gradient index in the ring", _GRADIENT),
    Feature("spiculation_normalised_radial_gradient", "1", "the same, unweighted", _GRADIENT),
    Feature(
        "spiculation_gradient_spread",
        "1",
        "circular variance of the gradient about the radius, in place of the width at half maximum",
        _HUO,
    ),
    Feature("spiculation_cross_gradient", "1", "mean |sin A| at even local contrast", _HUO),
)


def spiculation(patch: npt.NDArray[np.floating], box: Box) -> Spiculation:
    """Measure a bare patch, ``(256, 256)`` in [0, 1], with the box in its cells.

    Raises
    ------
    InputError
        As :func:`mammopair.features.marked_patch.mark`.
    """
    return measure_spiculation(mark(patch, box))


def spiculation_features(patch: MarkedPatch) -> dict[str, float]:
    """The measures by the names of :data:`FEATURES`."""
    measured = asdict(measure_spiculation(patch))
    return {f"spiculation_{name}": value for name, value in measured.items()}


def measure_spiculation(patch: MarkedPatch) -> Spiculation:
    """Measure a patch that is checked already."""
    image = _reduce(patch.filled)
    ring, towards = _ring(patch)
    if ring.sum() < LEAST_CELLS or image.std() < 1e-4:
        return NONE

    even = _even_contrast(image)
    strength, along = (values[ring] for values in _lines(even, towards))
    strong = strength >= np.quantile(strength, 1 - STRONG)
    weight, downhill = _downhill(image, ring, towards)
    even_weight, even_downhill = _downhill(even, ring, towards)
    mean = np.average(downhill, weights=weight)
    return Spiculation(
        radial_lines=float(along[strong].mean()),
        radial_line_share=float(np.average(along, weights=strength + TINY)),
        pointing=_pointing(patch, ring, along, strong),
        spread=_spread(towards[ring], strength * along),
        radial_gradient=float(mean.real),
        normalised_radial_gradient=float(downhill.real.mean()),
        gradient_spread=float(1 - np.abs(mean)),
        cross_gradient=float(np.average(np.abs(even_downhill.imag), weights=even_weight)),
    )


def _reduce(pixels: Image) -> Image:
    """``(256, 256)`` to ``(128, 128)``, averaged."""
    step = len(pixels) // CELLS
    return pixels.reshape(CELLS, step, CELLS, step).mean(axis=(1, 3))


def _ring(patch: MarkedPatch) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.complex64]]:
    """Which cells count, and for each the unit vector away from the centre, as ``x + iy``."""
    step = len(patch.pixels) / CELLS
    x, y = patch.box.centre
    cells = (np.arange(CELLS, dtype=np.float32) + 0.5) * step
    away = (cells[None, :] - x) + 1j * (cells[:, None] - y)
    distance = np.abs(away) + TINY
    half = max(patch.box.width, patch.box.height) / 2
    ring = (distance >= INNER * half) & (distance <= OUTER * half)
    film = _reduce(patch.on_film.astype(np.float32)) > 0.5
    return ring & film, np.asarray(away / distance, np.complex64)


def _even_contrast(image: Image) -> Image:
    """Local mean 0 and local standard deviation about 1; what is nearly flat stays so."""
    from scipy.ndimage import gaussian_filter

    rest = image - gaussian_filter(image, NEIGHBOURHOOD)
    local = np.sqrt(gaussian_filter(rest * rest, NEIGHBOURHOOD))
    return np.asarray(rest / (local + 0.1 * image.std()), np.float32)


def _lines(image: Image, towards: npt.NDArray[np.complex64]) -> tuple[Image, Image]:
    """Strength of the bright line in each cell, and ``cos 2D`` of it with the radius."""
    from scipy.ndimage import gaussian_filter

    strength, along = np.zeros_like(image), np.zeros_like(image)
    radius = towards * towards  # twice the angle
    for scale in SCALES:
        xx, yy, xy = (
            scale**2 * gaussian_filter(image, scale, order=order)
            for order in ((0, 2), (2, 0), (1, 1))
        )
        # Along the line curvature is greatest, across it most negative.
        line = (xx - yy) / 2 + 1j * xy
        unlike = np.abs(line)
        found = np.clip(np.minimum(2 * unlike, -(xx + yy)), 0, None)
        cosine = (line * radius.conj()).real / (unlike + TINY)
        along = np.where(found > strength, cosine, along)
        strength = np.maximum(found, strength)
    return strength, along


def _downhill(
    image: Image, ring: npt.NDArray[np.bool_], towards: npt.NDArray[np.complex64]
) -> tuple[Image, npt.NDArray[np.complex64]]:
    """In the ring, how steep it is, and ``exp(iA)`` of the way down against the way outwards."""
    from scipy.ndimage import gaussian_filter

    right, down = (-gaussian_filter(image, SLOPE_SCALE, order=o)[ring] for o in ((0, 1), (1, 0)))
    steep = np.hypot(right, down) + TINY
    return steep, (right + 1j * down) / steep * towards[ring].conj()


def _pointing(
    patch: MarkedPatch,
    ring: npt.NDArray[np.bool_],
    along: Image,
    strong: npt.NDArray[np.bool_],
) -> float:
    """Share of the strongest lines that would hit the middle, less the share by chance."""
    half = max(patch.box.width, patch.box.height) / 2
    step = len(patch.pixels) / CELLS
    x, y = patch.box.centre
    cells = (np.arange(CELLS) + 0.5) * step
    distance = np.hypot(cells[None, :] - x, cells[:, None] - y)[ring]
    widest = np.arctan2(TARGET * half, distance)
    hits = np.arccos(np.clip(along, -1, 1)) / 2 <= widest
    return float((hits[strong] - 2 / np.pi * widest[strong]).mean())


def _spread(towards: npt.NDArray[np.complex64], radial: Image) -> float:
    """Share of the sectors, of those with film, whose lines are rather radial than around."""
    sector = ((np.angle(towards) / (2 * np.pi) % 1) * SECTORS).astype(int) % SECTORS
    seen = np.bincount(sector, minlength=SECTORS) > 0
    sums = np.bincount(sector, weights=radial, minlength=SECTORS)
    return float((sums[seen] > 0).mean())

"""Spiculation: radial lines and gradients in a ring around the centre of the box.

No outline is needed. The ring extends from 0.6 to 1.6 times half the longer side of the box. The
patch is first reduced to 128 x 128 cells, so that the sharpness of the film has little effect, and
normalised to equal local mean and contrast, so that the result does not depend on brightness and
contrast, and hardly on a tone curve.

**Lines.** From the Hessian at Gaussian scales of 1, 1.5 and 2.25 cells, each cell has the strength
of a bright line, ``S = min(l2 - l1, -(l1 + l2))`` for curvatures ``l1 <= l2``, which is 0 for
blobs, and the angle ``D`` between the line and the radius, at the scale with the strongest line.
This is the bank of second-order filters of Karssemeijer & te Brake, IEEE Trans Med Imaging 15:611
(1996), in closed form, without their noise model. ``cos 2D`` is 1 for a radial line, 0 on average
for lines in all directions, and -1 for a line around the centre, such as a smooth margin.

A patch that is flat, or has too little film in the ring, has the values of :data:`NONE`.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt

from mammopair.crop import from_pixel_index
from mammopair.features.feature import Feature
from mammopair.features.marked_patch import MarkedPatch

CELLS = 128
"""Rows and columns of the reduced patch."""
SCALES = (1.0, 1.5, 2.25)
"""Standard deviations of the filters, in cells."""
INNER, OUTER = 0.6, 1.6
"""Radii of the ring, in halves of the longer side of the box."""
NEIGHBOURHOOD = 8.0
"""Standard deviation, in cells, of the Gaussian that defines local mean and contrast."""
STRONG = 0.3
"""Fraction of the ring that counts as strongest lines."""
TARGET = 0.3
"""Radius of the central disc that a line may point to, in halves of the box's longer side."""
SECTORS = 24
"""Number of angular sectors."""
GRADIENT_SCALE = 1.5
"""Standard deviation, in cells, of the Gaussian derivatives."""
MIN_CELLS = 100
"""Minimum number of cells of film in the ring."""
EPSILON = 1e-9

Image = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Spiculation:
    """Spiculation of one patch; :attr:`radial_lines` is the main measure."""

    radial_lines: float
    """Mean ``cos 2D`` of the strongest lines, in [-1, 1]; higher is more spiculated."""
    radial_line_share: float
    """Mean ``cos 2D`` of all lines, weighted by their strength, in [-1, 1]."""
    pointing: float
    """Fraction of the strongest lines that point to the centre, minus that expected by chance."""
    spread: float
    """Fraction of sectors in which radial lines outweigh tangential lines, in [0, 1]."""
    radial_gradient: float
    """Mean ``cos A``, weighted by the gradient, in [-1, 1]; ``A`` is the angle between the
    direction of decreasing brightness and the outward direction."""
    normalised_radial_gradient: float
    """The same, without weights."""
    gradient_spread: float
    """Circular variance of ``A``, weighted by the gradient, in [0, 1]; 1 is isotropic."""
    cross_gradient: float
    """Mean ``|sin A|`` at equal local contrast, weighted by the gradient, in [0, 1]."""


NONE = Spiculation(0.0, 0.0, 0.0, 0.5, 0.0, 0.0, 1.0, 2 / np.pi)
"""Values of a patch without structure: lines in all directions are equally frequent."""

_LINES = "Karssemeijer & te Brake, IEEE Trans Med Imaging 15:611 (1996)"
_GRADIENT = "Kupinski & Giger, IEEE Trans Med Imaging 17:510 (1998)"
_HUO = "Huo et al., Med Phys 22:1569 (1995)"
FEATURES = (
    Feature("spiculation_radial_lines", "1", "mean cos 2D of the strongest lines", _LINES),
    Feature("spiculation_radial_line_share", "1", "mean cos 2D weighted by strength", _LINES),
    Feature("spiculation_pointing", "1", "lines to the centre, minus chance (f1)", _LINES),
    Feature("spiculation_spread", "1", "fraction of sectors with radial lines (f2)", _LINES),
    Feature("spiculation_radial_gradient", "1", "radial gradient index in the ring", _GRADIENT),
    Feature("spiculation_normalised_radial_gradient", "1", "the same, without weights", _GRADIENT),
    Feature(
        "spiculation_gradient_spread",
        "1",
        "circular variance of the gradient about the radius, in place of the width at half maximum",
        _HUO,
    ),
    Feature("spiculation_cross_gradient", "1", "mean |sin A| at equal local contrast", _HUO),
)


def spiculation_features(patch: MarkedPatch) -> dict[str, float]:
    """Measure :data:`FEATURES`."""
    measured = asdict(measure_spiculation(patch))
    return {f"spiculation_{name}": value for name, value in measured.items()}


def measure_spiculation(patch: MarkedPatch) -> Spiculation:
    """Measure the spiculation of a patch."""
    image = _reduce(patch.filled)
    ring, outward = _ring(patch)
    if ring.sum() < MIN_CELLS or image.std() < 1e-4:
        return NONE

    normalised = _normalise_contrast(image)
    strength, along = (values[ring] for values in _lines(normalised, outward))
    strong = strength >= np.quantile(strength, 1 - STRONG)
    weight, direction = _gradient(image, ring, outward)
    normalised_weight, normalised_direction = _gradient(normalised, ring, outward)
    mean = np.average(direction, weights=weight)
    return Spiculation(
        radial_lines=float(along[strong].mean()),
        radial_line_share=float(np.average(along, weights=strength + EPSILON)),
        pointing=_pointing(patch, ring, along, strong),
        spread=_spread(outward[ring], strength * along),
        radial_gradient=float(mean.real),
        normalised_radial_gradient=float(direction.real.mean()),
        gradient_spread=float(1 - np.abs(mean)),
        cross_gradient=float(
            np.average(np.abs(normalised_direction.imag), weights=normalised_weight)
        ),
    )


def _reduce(pixels: Image) -> Image:
    """Average ``(256, 256)`` to ``(128, 128)``."""
    step = len(pixels) // CELLS
    return pixels.reshape(CELLS, step, CELLS, step).mean(axis=(1, 3))


def _ring(patch: MarkedPatch) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.complex64]]:
    """Return the mask of the ring, and unit vectors away from the centre as ``x + iy``."""
    step = len(patch.pixels) / CELLS
    x, y = patch.box.centre
    cells = (from_pixel_index(np.arange(CELLS, dtype=np.float64)) * step).astype(np.float32)
    away = (cells[None, :] - x) + 1j * (cells[:, None] - y)
    distance = np.abs(away) + EPSILON
    half = max(patch.box.width, patch.box.height) / 2
    ring = (distance >= INNER * half) & (distance <= OUTER * half)
    film = _reduce(patch.on_film.astype(np.float32)) > 0.5
    return ring & film, np.asarray(away / distance, np.complex64)


def _normalise_contrast(image: Image) -> Image:
    """Normalise to local mean 0 and local standard deviation about 1, less in flat regions."""
    from scipy.ndimage import gaussian_filter

    centred = image - gaussian_filter(image, NEIGHBOURHOOD)
    local = np.sqrt(gaussian_filter(centred * centred, NEIGHBOURHOOD))
    return np.asarray(centred / (local + 0.1 * image.std()), np.float32)


def _lines(image: Image, outward: npt.NDArray[np.complex64]) -> tuple[Image, Image]:
    """Compute the strength of the bright line in each cell, and its ``cos 2D``."""
    from scipy.ndimage import gaussian_filter

    strength, along = np.zeros_like(image), np.zeros_like(image)
    radius = outward * outward  # twice the angle
    for scale in SCALES:
        xx, yy, xy = (
            scale**2 * gaussian_filter(image, scale, order=order)
            for order in ((0, 2), (2, 0), (1, 1))
        )
        # The curvature is maximal along the line and most negative across it.
        line = (xx - yy) / 2 + 1j * xy
        anisotropy = np.abs(line)
        found = np.clip(np.minimum(2 * anisotropy, -(xx + yy)), 0, None)
        cosine = (line * radius.conj()).real / (anisotropy + EPSILON)
        along = np.where(found > strength, cosine, along)
        strength = np.maximum(found, strength)
    return strength, along


def _gradient(
    image: Image, ring: npt.NDArray[np.bool_], outward: npt.NDArray[np.complex64]
) -> tuple[Image, npt.NDArray[np.complex64]]:
    """Compute, in the ring, the magnitude of the gradient and ``exp(iA)``."""
    from scipy.ndimage import gaussian_filter

    right, down = (-gaussian_filter(image, GRADIENT_SCALE, order=o)[ring] for o in ((0, 1), (1, 0)))
    magnitude = np.hypot(right, down) + EPSILON
    return magnitude, (right + 1j * down) / magnitude * outward[ring].conj()


def _pointing(
    patch: MarkedPatch,
    ring: npt.NDArray[np.bool_],
    along: Image,
    strong: npt.NDArray[np.bool_],
) -> float:
    """Compute the fraction of the strongest lines outward the centre, minus that by chance."""
    half = max(patch.box.width, patch.box.height) / 2
    step = len(patch.pixels) / CELLS
    x, y = patch.box.centre
    cells = from_pixel_index(np.arange(CELLS, dtype=np.float64)) * step
    distance = np.hypot(cells[None, :] - x, cells[:, None] - y)[ring]
    max_angle = np.arctan2(TARGET * half, distance)
    hits = np.arccos(np.clip(along, -1, 1)) / 2 <= max_angle
    return float((hits[strong] - 2 / np.pi * max_angle[strong]).mean())


def _spread(outward: npt.NDArray[np.complex64], radial: Image) -> float:
    """Compute the fraction of the sectors with film in which radial lines outweigh others."""
    sector = ((np.angle(outward) / (2 * np.pi) % 1) * SECTORS).astype(int) % SECTORS
    with_film = np.bincount(sector, minlength=SECTORS) > 0
    sums = np.bincount(sector, weights=radial, minlength=SECTORS)
    return float((sums[with_film] > 0).mean())

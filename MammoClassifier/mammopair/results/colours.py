"""The colour scale of evidence, for the report, for Slicer and for DICOM objects.

The scale is absolute: a logit has the same colour in every picture of every lesion. Scaling each
picture to its own extremes would paint a red spot on a breast without any evidence.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

EVIDENCE_LIMIT = 4.0
"""Absolute evidence, in logits, from which the colour is strongest. A map with this value in all
cells alone changes a probability of 50 % to 98 %."""
FOR_MALIGNANCY = (255, 122, 0)
"""Orange; distinct from the blue in all common forms of colour blindness."""
AGAINST_MALIGNANCY = (0, 144, 255)
"""Blue."""
STRONGEST_OPACITY = 0.6
"""Opacity at the limit; the tissue below remains visible."""
NEUTRAL = (0.45, 0.45, 0.45)
"""Grey that replaces transparency in opaque colours, red, green and blue in [0, 1]."""


def evidence_rgba(logits: npt.ArrayLike) -> npt.NDArray[np.uint8]:
    """Return the colours of signed evidence: the hue shows the sign, the opacity the size.

    ``opacity = STRONGEST_OPACITY * min(|logit| / EVIDENCE_LIMIT, 1)``

    Parameters
    ----------
    logits
        Evidence in calibrated logits, any shape; positive is evidence for malignancy. Values
        that are not finite are shown as no evidence.

    Returns
    -------
    ndarray of uint8, shape ``(*logits.shape, 4)``
        Red, green, blue and opacity, not premultiplied. No evidence is fully transparent.
    """
    import numpy as np

    values = np.nan_to_num(np.asarray(logits, dtype=np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    colours = np.empty((*values.shape, 4), dtype=np.uint8)
    colours[..., :3] = np.where(values[..., None] >= 0, FOR_MALIGNANCY, AGAINST_MALIGNANCY)
    strength = np.minimum(np.abs(values) / EVIDENCE_LIMIT, 1.0)
    colours[..., 3] = np.rint(255 * STRONGEST_OPACITY * strength)
    return colours


def opaque_colours(
    logits: npt.NDArray[np.float64], strength: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Return opaque colours of evidence, mixed with grey where :func:`evidence_rgba` fades.

    Parameters
    ----------
    logits
        ``(n,)``: evidence; its sign gives the hue.
    strength
        ``(n,)`` in [0, 1]: share of the hue, the rest is grey.

    Returns
    -------
    ndarray of float64, shape ``(n, 3)``
        Red, green and blue in [0, 1].
    """
    hue = evidence_rgba(logits)[:, :3] / 255.0
    return (1 - strength[:, None]) * NEUTRAL + strength[:, None] * hue


def opaque_scale(count: int) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return the scale in opaque colours, for viewers that give a colour table one opacity.

    Parameters
    ----------
    count
        Number of colours; odd, so that the middle one is exactly no evidence.

    Returns
    -------
    logits : ndarray of float64, shape ``(count,)``
        Equally spaced from ``-EVIDENCE_LIMIT`` to ``EVIDENCE_LIMIT``.
    colours : ndarray of float64, shape ``(count, 3)``
        Red, green and blue in [0, 1].
    """
    import numpy as np

    logits = np.linspace(-EVIDENCE_LIMIT, EVIDENCE_LIMIT, count)
    return logits, opaque_colours(logits, np.abs(logits) / EVIDENCE_LIMIT)

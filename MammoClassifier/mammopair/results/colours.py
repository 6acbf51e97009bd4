"""The one colour scale of evidence, for the page, for Slicer and for whatever else shows it.

The scale is absolute: a logit has the same colour in every picture of every lesion. A picture is
never stretched to its own extremes, which would paint a red spot on a breast where nothing is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

EVIDENCE_LIMIT = 4.0
"""Logits at which the colour is strongest. Were the whole map like such a cell, it alone would
carry a probability of 50 % to 98 %."""
FOR_MALIGNANCY = (255, 122, 0)
"""Orange. With the blue it stays apart in every common form of colour blindness."""
AGAINST_MALIGNANCY = (0, 144, 255)
"""Blue."""
STRONGEST_OPACITY = 0.6
"""Opacity at the limit: the tissue below is still to be seen."""
NEUTRAL = (0.45, 0.45, 0.45)
"""Grey of no evidence in :func:`opaque_scale`."""


def evidence_rgba(logits: npt.ArrayLike) -> npt.NDArray[np.uint8]:
    """Colour of signed evidence: hue from the sign, opacity from the size.

    ``opacity = STRONGEST_OPACITY * min(|logit| / EVIDENCE_LIMIT, 1)``

    Parameters
    ----------
    logits
        Evidence in calibrated logits, any shape; positive speaks for malignancy. What is not
        finite is treated as no evidence.

    Returns
    -------
    ndarray of uint8, shape ``(*logits.shape, 4)``
        Red, green, blue and opacity, not premultiplied. No evidence is wholly transparent.
    """
    import numpy as np

    values = np.nan_to_num(np.asarray(logits, dtype=np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    colours = np.empty((*values.shape, 4), dtype=np.uint8)
    colours[..., :3] = np.where(values[..., None] >= 0, FOR_MALIGNANCY, AGAINST_MALIGNANCY)
    strength = np.minimum(np.abs(values) / EVIDENCE_LIMIT, 1.0)
    colours[..., 3] = np.rint(255 * STRONGEST_OPACITY * strength)
    return colours


def opaque_scale(count: int) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return opaque colours for viewers that give a colour table one opacity.

    The colours are those of :func:`evidence_rgba`, mixed with grey instead of made transparent.

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
    strength = np.abs(logits)[:, None] / EVIDENCE_LIMIT
    hue = evidence_rgba(logits)[:, :3] / 255.0
    return logits, (1 - strength) * NEUTRAL + strength * hue

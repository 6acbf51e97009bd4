"""Whether CC and MLO agree on where the evidence for a mass lies, and on what it says.

The two views are projections, so their maps cannot be laid over each other. What can be compared
is the *profile*: the parts of all absolute evidence that lie inside the mass, in the ring of its
margin and outside, each for and against malignancy, six numbers that add up to 1
(:func:`mammopair_research.concept_correlation.evidence_zones.zone_shares`). The agreement of two profiles is what they have in
common, ``sum(min(a, b))``, in [0, 1]. Any two masses have much in common, so the figure is the
agreement of the views of one mass less that with the other masses' MLO views: 0 is chance.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mammopair.explain.attribution import Floats


def in_common(first: Floats, second: Floats) -> float:
    """The overlap of two profiles, each adding up to 1."""
    return float(np.minimum(first, second).sum())


def agreement_beyond_chance(cc: Sequence[Floats], mlo: Sequence[Floats]) -> Floats:
    """For each of ``n`` masses, what its views have in common more than with another's MLO.

    Parameters
    ----------
    cc, mlo
        ``n`` profiles each, those of one mass at the same place.

    Returns
    -------
    ndarray
        ``(n,)`` in [-1, 1]; NaN where there is one mass only.
    """
    first = np.asarray(cc, np.float64).reshape(len(cc), -1)
    second = np.asarray(mlo, np.float64).reshape(len(mlo), -1)
    overlap = np.minimum(first[:, None], second[None]).sum(axis=2)
    own = np.diagonal(overlap)
    if len(own) < 2:
        return np.full(len(own), np.nan)
    return own - (overlap.sum(axis=1) - own) / (len(own) - 1)

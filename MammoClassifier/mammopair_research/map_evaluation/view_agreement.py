"""Agreement of CC and MLO on where the evidence for a mass lies, and on its sign.

The two views are projections, so their maps cannot be overlaid. What can be compared is the
*profile*: the fractions of all absolute evidence inside the mass, in the ring of its margin and
outside, each for and against malignancy; six numbers with the sum 1
(:func:`mammopair_research.concept_correlation.evidence_zones.zone_shares`). The agreement of two
profiles is their overlap, ``sum(min(a, b))``, in [0, 1]. Profiles of different masses overlap too,
so the measure is the agreement of the views of one mass minus the mean agreement with the MLO views
of the other masses: 0 is chance.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mammopair.explain.attribution import Floats


def agreement_beyond_chance(cc: Sequence[Floats], mlo: Sequence[Floats]) -> Floats:
    """Compute the agreement of the views of each of ``n`` masses, beyond that of different masses.

    Parameters
    ----------
    cc, mlo
        ``n`` profiles each, in the same order of masses.

    Returns
    -------
    ndarray
        ``(n,)`` in [-1, 1]; NaN for a single mass.
    """
    first = np.asarray(cc, np.float64).reshape(len(cc), -1)
    second = np.asarray(mlo, np.float64).reshape(len(mlo), -1)
    overlap = np.minimum(first[:, None], second[None]).sum(axis=2)
    own = np.diagonal(overlap)
    if len(own) < 2:
        return np.full(len(own), np.nan)
    return own - (overlap.sum(axis=1) - own) / (len(own) - 1)

"""Random samples of lesions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mammopair.evaluation import ScorableCrop
from mammopair.lesion_groups import group_lesions


def sample_lesions(
    crops: Sequence[ScorableCrop], count: int | None, seed: int
) -> list[list[ScorableCrop]]:
    """Draw lesions at random, without replacement.

    Parameters
    ----------
    crops
        Crops of any number of lesions.
    count
        Number of lesions to draw; None, or more than there are, draws all.
    seed
        Random seed. The first lesions of a larger sample are those of a smaller one with the same
        seed, so that work on a sample can be continued with more lesions.

    Returns
    -------
    list of list
        For each lesion its one or two crops.
    """
    groups = group_lesions([crop.row for crop in crops])
    names = sorted(groups)
    order = np.random.default_rng(seed).permutation(len(names))[:count]
    return [[crops[index] for index in groups[names[number]]] for number in order]

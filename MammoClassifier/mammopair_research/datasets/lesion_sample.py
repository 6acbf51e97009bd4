"""A sample of lesions, by lot: the same for a seed, and a smaller one within a larger one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import TypeVar

import numpy as np

from mammopair.io.crop_folder import CropRow

Who = TypeVar("Who")


def sample_lesions(
    rows: Sequence[tuple[CropRow, Who]], lesions: int | None, seed: int
) -> list[list[tuple[CropRow, Who]]]:
    """The rows of lesions drawn by lot, lesion by lesion.

    Parameters
    ----------
    rows
        Rows of ``crops.csv``, each with what is known of it.
    lesions
        How many to draw; None, or more than there are, for all of them.
    seed
        Of the lot. The first lesions of a larger sample are those of a smaller one, so that work
        on a sample can go on with more.

    Returns
    -------
    list
        One list a lesion, of its one or two rows.
    """
    of_lesion = defaultdict(list)
    for row, who in rows:
        of_lesion[row.lesion].append((row, who))
    names = sorted(of_lesion)
    lot = np.random.default_rng(seed).permutation(len(names))
    return [of_lesion[names[number]] for number in lot[:lesions]]

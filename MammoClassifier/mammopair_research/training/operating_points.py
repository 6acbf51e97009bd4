"""Thresholds at named sensitivities and specificities, chosen on predictions nobody had learned."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np

from mammopair.model.manifest import OperatingPoint

SENSITIVITIES = (0.95, 0.90)
SPECIFICITIES = (0.90, 0.95)


def operating_points(probabilities: Sequence[float], labels: Sequence[int]) -> list[OperatingPoint]:
    """The highest threshold of each sensitivity and the lowest of each specificity.

    A lesion is called if its probability is the threshold or more. What the points achieve is told
    of these lesions, and so flattered; see :func:`as_measured`.
    """
    of = np.array(labels)
    malignant, benign = (np.sort(np.array(probabilities)[of == label]) for label in (1, 0))
    thresholds = {
        f"sensitivity {100 * share:.0f} %": malignant[_most_missed(share, len(malignant))]
        for share in SENSITIVITIES
    } | {
        f"specificity {100 * share:.0f} %": np.nextafter(
            benign[-1 - _most_missed(share, len(benign))], 1
        )
        for share in SPECIFICITIES
    }
    return [
        OperatingPoint(
            name=name,
            threshold=float(threshold),
            sensitivity=float((malignant >= threshold).mean()),
            specificity=float((benign < threshold).mean()),
        )
        for name, threshold in thresholds.items()
    ]


def as_measured(
    points: Sequence[OperatingPoint], measured: dict[str, dict[str, Any]]
) -> list[OperatingPoint]:
    """The points with what was measured of them, by name, in the place of what they had."""
    return [
        msgspec.structs.replace(
            point,
            **{
                key: tuple(value) if isinstance(value, list) else value
                for key, value in measured[point.name].items()
                if key in OperatingPoint.__struct_fields__
            },
        )
        for point in points
    ]


def _most_missed(share: float, count: int) -> int:
    """How many of so many lesions may be missed; 0.95 of 20 is 19, whatever the floating point."""
    return int(np.floor((1 - share) * count + 1e-9))

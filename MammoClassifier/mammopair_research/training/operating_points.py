"""Operating points: thresholds at given sensitivities and specificities."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np

from mammopair.model.manifest import OperatingPoint

SENSITIVITIES = (0.95, 0.90)
SPECIFICITIES = (0.90, 0.95)


def choose_operating_points(
    probabilities: Sequence[float], labels: Sequence[int]
) -> list[OperatingPoint]:
    """Choose the highest threshold of each sensitivity and the lowest of each specificity.

    A lesion is called malignant if its probability is the threshold or more. The sensitivity and
    specificity of the points are those on the same lesions and therefore optimistic; replace them
    with :func:`with_measured_figures`.

    Parameters
    ----------
    probabilities
        Calibrated probabilities of out-of-fold lesions, ``(lesions,)``.
    labels
        1 for malignant, 0 for benign, ``(lesions,)``; both classes.
    """
    label = np.array(labels)
    malignant, benign = (np.sort(np.array(probabilities)[label == value]) for value in (1, 0))
    thresholds = {
        f"sensitivity {100 * share:.0f} %": malignant[_allowed_errors(share, len(malignant))]
        for share in SENSITIVITIES
    } | {
        f"specificity {100 * share:.0f} %": np.nextafter(
            benign[-1 - _allowed_errors(share, len(benign))], 1
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


def with_measured_figures(
    points: Sequence[OperatingPoint], measured: dict[str, dict[str, Any]]
) -> list[OperatingPoint]:
    """Return the points with cross-fitted sensitivity and specificity, by the points' names."""
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


def _allowed_errors(share: float, count: int) -> int:
    """Return how many of ``count`` lesions may be wrong; robust to floating-point error."""
    return int(np.floor((1 - share) * count + 1e-9))

"""Validation of the probabilities and labels that every metric is computed from."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mammopair.errors import InputError

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]


def validate(
    probabilities: npt.ArrayLike, labels: npt.ArrayLike, subject: str = "predictions"
) -> tuple[FloatArray, BoolArray]:
    """Validate probabilities and labels; return them as float64 and bool, both ``(rows,)``.

    Parameters
    ----------
    probabilities
        Of malignancy, ``(rows,)``, in ``[0, 1]``.
    labels
        1 for malignant, 0 for benign, ``(rows,)``.
    subject
        Name of the predictions for error messages.

    Raises
    ------
    InputError
        If they are not one-dimensional and equally long, if a probability is not in ``[0, 1]``,
        or if a label is neither 0 nor 1.
    """
    p = np.asarray(probabilities, dtype=np.float64)
    y = np.asarray(labels)
    if p.ndim != 1 or y.ndim != 1 or len(p) != len(y):
        raise InputError(
            subject,
            f"have probabilities of shape {p.shape} and labels of shape {y.shape}; "
            "each row needs one probability and one label",
        )
    # Negated, so that NaN is rejected too.
    wrong = np.flatnonzero(~((p >= 0) & (p <= 1)))
    if len(wrong):
        raise InputError(
            subject, f"row {wrong[0]} has the probability {p[wrong[0]]:g}; it must be in [0, 1]"
        )
    wrong = np.flatnonzero(~np.isin(y, (0, 1)))
    if len(wrong):
        raise InputError(
            subject,
            f"row {wrong[0]} has the label {y[wrong[0]]!s}; it must be 1 (malignant) or 0 (benign)",
        )
    return p, y.astype(np.bool_)


def has_both_classes(labels: npt.NDArray[np.bool_]) -> bool:
    """Return whether there is at least one malignant and one benign row."""
    return bool(labels.any() and not labels.all())

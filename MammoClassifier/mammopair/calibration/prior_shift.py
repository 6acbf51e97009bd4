"""Adjust a record for another prevalence (prior shift) or another coverage of its conformal set.

The probability of a record is calibrated for the prevalence of the training lesions. If
malignant lesions are rarer or more frequent and nothing else differs, Bayes' rule gives (Elkan
2001; Saerens et al. 2002, Neural Computation 14:21)::

    logit p' = logit p + logit pi' - logit pi

It assumes that benign masses look the same in both populations, and malignant masses too. It does
not hold in a population with smaller or fainter masses. No network is run.
"""

from __future__ import annotations

import msgspec
import numpy as np

from mammopair.calibration.conformal import PValues, classes_in_set
from mammopair.calibration.platt import logit, sigmoid
from mammopair.errors import InputError
from mammopair.record import Interval, PriorShift, Record


def shift_probability(probability: float, trained: float, stated: float) -> float:
    """Convert a probability from the prevalence ``trained`` to the prevalence ``stated``.

    >>> round(shift_probability(0.5, 0.5, 0.1), 3)
    0.1
    """
    at_probability, at_trained, at_stated = logit(np.array([probability, trained, stated]))
    return float(sigmoid(at_probability + at_stated - at_trained))


def adjust_record(record: Record, prevalence: float | None, coverage: float | None) -> Record:
    """Return the record at a prevalence and a coverage, each unless it is None.

    Raises
    ------
    InputError
        As :func:`adjust_prevalence` and :func:`adjust_coverage`.
    """
    if prevalence is not None:
        record = adjust_prevalence(record, prevalence)
    return record if coverage is None else adjust_coverage(record, coverage)


def adjust_prevalence(record: Record, prevalence: float) -> Record:
    """Add probability, interval and thresholds at another prevalence to a record.

    The original ones are kept. Thresholds are shifted like the probability, so the same operating
    points are reached.

    Raises
    ------
    InputError
        If the prevalence is not between 0 and 1, or the record has no prevalence of its own.
    """

    def shift(probability: float) -> float:
        return probability_at_prevalence(
            probability, record.prevalence, prevalence, record.model.name
        )

    return msgspec.structs.replace(
        record,
        prior_shift=PriorShift(
            prevalence=prevalence,
            probability=shift(record.probability),
            interval=Interval(
                low=shift(record.interval.low),
                high=shift(record.interval.high),
                level=record.interval.level,
            ),
            operating_points=[
                msgspec.structs.replace(point, threshold=shift(point.threshold))
                for point in record.operating_points
            ],
        ),
    )


def adjust_coverage(record: Record, coverage: float) -> Record:
    """Return the record with its conformal set at another coverage.

    Raises
    ------
    InputError
        If the coverage is not between 0 and 1, or the record has no conformal set.
    """
    check_fraction("coverage", coverage)
    earlier = record.conformal
    if earlier is None:
        raise missing_conformal_scores(record.model.name)
    classes = classes_in_set(PValues(earlier.p_benign, earlier.p_malignant), coverage)
    return msgspec.structs.replace(
        record, conformal=msgspec.structs.replace(earlier, classes=classes, coverage=coverage)
    )


def probability_at_prevalence(
    probability: float, trained: float | None, prevalence: float | None, model: str
) -> float:
    """Convert a probability to another prevalence, unless that is None.

    Parameters
    ----------
    probability
        Calibrated at the prevalence ``trained``.
    trained
        Prevalence of the training lesions; None if the ensemble does not have it.
    prevalence
        The other prevalence.
    model
        Name of the ensemble, for the error message.

    Raises
    ------
    InputError
        If the prevalence is not between 0 and 1, or ``trained`` is None.
    """
    if prevalence is None:
        return probability
    check_fraction("prevalence", prevalence)
    if trained is None:
        raise InputError(
            "prevalence",
            f"is not supported by the ensemble {model}, whose manifest has no prevalence of the "
            "training data; use another ensemble",
        )
    return shift_probability(probability, trained, prevalence)


def check_fraction(name: str, value: float) -> None:
    """Check that a number is between 0 and 1.

    Raises
    ------
    InputError
        If it is not.
    """
    if not 0 < value < 1:
        hint = f"; for {value:g} % use {value / 100:g}" if 1 <= value < 100 else ""
        raise InputError(name, f"is {value:g}; it must be between 0 and 1, both excluded{hint}")


def missing_conformal_scores(model: str) -> InputError:
    """Return the error for an ensemble without scores for conformal sets."""
    return InputError(
        "coverage",
        f"is not supported by the ensemble {model}, which has no scores for conformal sets; "
        "use another ensemble",
    )

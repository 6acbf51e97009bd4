"""A record said again: for another prevalence, or with another coverage. No network is asked.

The probability of a record holds where malignancy is as frequent as among the training's lesions.
Where it is rarer or more frequent, and all else is alike, Bayes' rule gives (Elkan 2001; Saerens
et al. 2002, Neural Computation 14:21)::

    logit p' = logit p + logit pi' - logit pi

"All else alike" is the assumption: benign masses there look as benign ones here, and malignant as
malignant. A population with smaller or fainter masses breaks it.
"""

from __future__ import annotations

from math import exp, log

import msgspec

from mammopair.calibration.conformal import PValues, classes_in_set
from mammopair.errors import InputError
from mammopair.record import Interval, PriorShift, Record


def shift_probability(probability: float, trained: float, stated: float) -> float:
    """A probability that holds at one prevalence, at another; see the head of this file.

    >>> round(shift_probability(0.5, 0.5, 0.1), 3)
    0.1
    """
    moved = logit(probability) + logit(stated) - logit(trained)
    return 1 / (1 + exp(-moved))


def logit(probability: float) -> float:
    """``log(p / (1 - p))`` of a probability over 0 and under 1."""
    return log(probability / (1 - probability))


def adjust_record(record: Record, prevalence: float | None, coverage: float | None) -> Record:
    """The record at a prevalence and a coverage, each where it is given.

    Raises
    ------
    InputError
        As :func:`adjust_prevalence` and :func:`adjust_coverage`.
    """
    if prevalence is not None:
        record = adjust_prevalence(record, prevalence)
    return record if coverage is None else adjust_coverage(record, coverage)


def adjust_prevalence(record: Record, prevalence: float) -> Record:
    """The record with its probability, interval and thresholds at a stated prevalence beside.

    What it held stays. A threshold moves with the probability, so the same points are reached.

    Raises
    ------
    InputError
        If the prevalence is not over 0 and under 1, or the record's model does not know at which
        one it was trained.
    """

    def there(probability: float) -> float:
        return probability_at_prevalence(
            probability, record.prevalence, prevalence, record.model.name
        )

    return msgspec.structs.replace(
        record,
        prior_shift=PriorShift(
            prevalence=prevalence,
            probability=there(record.probability),
            interval=Interval(
                low=there(record.interval.low),
                high=there(record.interval.high),
                level=record.interval.level,
            ),
            operating_points=[
                msgspec.structs.replace(point, threshold=there(point.threshold))
                for point in record.operating_points
            ],
        ),
    )


def adjust_coverage(record: Record, coverage: float) -> Record:
    """The record with its set of classes at another coverage.

    Raises
    ------
    InputError
        If the coverage is not over 0 and under 1, or the record's model gives no set.
    """
    check_fraction("coverage", coverage)
    known = record.conformal
    if known is None:
        raise missing_conformal_scores(record.model.name)
    classes = classes_in_set(PValues(known.p_benign, known.p_malignant), coverage)
    return msgspec.structs.replace(
        record, conformal=msgspec.structs.replace(known, classes=classes, coverage=coverage)
    )


def probability_at_prevalence(
    probability: float, trained: float | None, prevalence: float | None, model: str
) -> float:
    """A probability at the prevalence that was stated; as it is where none was.

    Raises
    ------
    InputError
        If the one that was stated is not over 0 and under 1, or the model does not say at which it
        was trained.
    """
    if prevalence is None:
        return probability
    check_fraction("prevalence", prevalence)
    if trained is None:
        raise InputError(
            "prevalence",
            f"cannot be moved: the ensemble {model} does not say at which it was trained",
        )
    return shift_probability(probability, trained, prevalence)


def check_fraction(name: str, value: float) -> None:
    """Raise :class:`InputError` if a share is not over 0 and under 1."""
    if not 0 < value < 1:
        hint = f"; for {value:g} % give {value / 100:g}" if 1 <= value < 100 else ""
        raise InputError(name, f"is {value:g}; it must be over 0 and under 1{hint}")


def missing_conformal_scores(model: str) -> InputError:
    """Return the error of an ensemble that has no conformal scores."""
    return InputError(
        "coverage", f"cannot be stated: the ensemble {model} holds no scores to make a set from"
    )

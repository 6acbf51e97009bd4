"""A record compared with the reference lesions of the ensemble, as text without advice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slicer.i18n import tr as _

if TYPE_CHECKING:
    from mammopair.record import OperatingPointResult, Record


def referenceText(record: Record) -> str:
    """Return a line each for the classes, the operating points and the out-of-distribution score.

    A line is left out if the ensemble does not provide it.
    """
    from mammopair.results.text import percent, share_text

    lines = []
    if record.conformal is not None:
        text = _("Classes not excluded at {coverage} coverage: {classes}.")
        classes = _(" or ").join(record.conformal.classes)
        lines.append(text.format(coverage=share_text(record.conformal.coverage), classes=classes))
    points = record.prior_shift.operating_points if record.prior_shift else record.operating_points
    for isReached, text in (
        (True, _("At or above the threshold for {points}.")),
        (False, _("Below the threshold for {points}.")),
    ):
        names = [_pointText(point) for point in points if point.reached is isReached]
        if names:
            lines.append(text.format(points=", ".join(names)))
    if record.out_of_distribution is not None:
        text = _("Out-of-distribution score: higher than {share} of the training images.")
        lines.append(text.format(share=percent(record.out_of_distribution.score)))
    return "\n".join(lines).replace(" %", "\N{NO-BREAK SPACE}%")


def prevalenceText(record: Record) -> str:
    """Return the prevalence at which the numbers are valid, as a sentence."""
    from mammopair.results.table_text import prevalence_note

    return prevalence_note([record]) or _(
        "The prevalence in the training data of this ensemble is unknown, so the probability "
        "cannot be adjusted."
    )


def _pointText(point: OperatingPointResult) -> str:
    from mammopair.results.text import percent

    return _("{name} (at {threshold})").format(name=point.name, threshold=percent(point.threshold))

"""Where a lesion stands beside the held-out lesions of the training, in lines: facts, no advice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slicer.i18n import tr as _

if TYPE_CHECKING:
    from mammopair.record import OperatingPointResult, Record


def standingWords(record: Record) -> str:
    """A line each for the set of classes, the operating points, and how usual the mass looks.

    A record of an ensemble that lacks one of them has no such line.
    """
    from mammopair.results.text import percent, share_text

    lines = []
    if record.conformal is not None:
        text = _("Set of classes at {coverage} coverage: {classes}.")
        classes = _(" or ").join(record.conformal.classes)
        lines.append(text.format(coverage=share_text(record.conformal.coverage), classes=classes))
    points = record.prior_shift.operating_points if record.prior_shift else record.operating_points
    if points:
        for reached, text in (
            (True, _("Operating points reached: {points}.")),
            (False, _("Not reached: {points}.")),
        ):
            said = [_pointWords(point) for point in points if point.reached is reached]
            lines.append(text.format(points=", ".join(said) or _("none")))
    if record.out_of_distribution is not None:
        text = _("Looks more unusual to the networks than {share} of the training's crops.")
        lines.append(text.format(share=percent(record.out_of_distribution.score)))
    return "\n".join(lines).replace(" %", "\N{NO-BREAK SPACE}%")


def prevalenceWords(record: Record) -> str:
    """At which prevalence the numbers hold, as a sentence."""
    from mammopair.results.table_text import prevalence_note

    return prevalence_note([record]) or _("The ensemble does not say at which prevalence it holds.")


def _pointWords(point: OperatingPointResult) -> str:
    from mammopair.results.text import percent

    return _("{name} (from {threshold})").format(
        name=point.name, threshold=percent(point.threshold)
    )

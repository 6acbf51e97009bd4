"""The Jinja environment of the report's templates."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from mammopair.results import text
from mammopair.results.lesion_folder import lesion_folder

if TYPE_CHECKING:
    from jinja2 import Environment

    from mammopair.record import Record


@cache
def report_environment() -> Environment:
    """Load the templates. Values are escaped, and undefined names raise an error."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("mammopair.results", "report"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    environment.filters.update(
        anchor=_anchor,
        breast_name=text.breast_name,
        conformal_classes=text.conformal_classes,
        evidence_directions=text.evidence_directions,
        interval_name=text.interval_name,
        interval_range=text.interval_range,
        label_name=text.label_name,
        percent=text.percent,
        score=text.score,
        share=text.share_text,
    )
    return environment


def _anchor(record: Record) -> str:
    """Return the id of the section of a lesion, unique on the page."""
    return lesion_folder(record).as_posix()

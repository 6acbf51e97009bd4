"""The Jinja environment of the report's templates."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from mammopair.results import text
from mammopair.results.lesion_folder import lesion_folder

if TYPE_CHECKING:
    from jinja2 import Environment


@cache
def report_environment() -> Environment:
    """Load the templates; values are escaped, and a name that is not defined raises an error."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("mammopair.results", "report"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    environment.filters.update(
        percent=text.percent,
        interval_range=text.interval_range,
        breast_name=text.breast_name,
        evidence_directions=text.evidence_directions,
        outcome=text.outcome_text,
        classes_word=text.classes_word,
        share=text.share_text,
        score=text.score,
        anchor=lambda record: lesion_folder(record).as_posix(),
    )
    return environment

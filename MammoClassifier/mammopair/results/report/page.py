"""Writing the report's page, lesion by lesion, so that a thousand of them need no more memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mammopair import RESEARCH_USE_ONLY
from mammopair.atomic_write import atomic_write
from mammopair.record import Record, ViewResult
from mammopair.results import text
from mammopair.results.colours import EVIDENCE_LIMIT
from mammopair.results.report.lesion_section import LesionOnPage, lesion_on_page
from mammopair.view import View

if TYPE_CHECKING:
    from jinja2 import Environment

TITLE = "Marked masses on mammograms"


def write_report(
    records: Sequence[Record],
    load: Callable[[ViewResult], View],
    path: Path,
    *,
    title: str = TITLE,
) -> None:
    """Write one self-contained HTML page: an overview, then every lesion with its pictures.

    The page needs no network and no script. A view whose file can no longer be read leaves a
    sentence in the place of its pictures; the numbers stand all the same.

    Parameters
    ----------
    records
        One a lesion, in the order in which they appear.
    load
        Gives the view that a view's result came from. Called once for every view of every
        lesion; the page holds one lesion's views at a time.
    path
        The page, in the folder of the files that the records name beside themselves. It is there
        whole or not at all.
    title
        Heading of the page.

    Raises
    ------
    InputError
        If the page cannot be written.
    """
    template = _environment().get_template("report.html")
    records = list(records)
    chunks = template.generate(
        title=title,
        notice=RESEARCH_USE_ONLY,
        records=records,
        footnotes=text.footnotes(records),
        interval=text.common_level(records),
        held=text.prevalence_words(records),
        explained=any(view.explanation for record in records for view in record.views),
        worded=any(record.concepts for record in records),
        shift=text.common_shift(records),
        sets=text.common_set(records),
        labelled=any(record.label is not None for record in records),
        lesions=_lesions(records, load, path.parent),
        limit=EVIDENCE_LIMIT,
        legend=_legend(),
    )
    with atomic_write(path) as stream:
        for chunk in chunks:
            stream.write(chunk)


def _lesions(
    records: Sequence[Record], load: Callable[[ViewResult], View], folder: Path
) -> Iterator[LesionOnPage]:
    return (lesion_on_page(record, load, folder) for record in records)


def _legend() -> str:
    from mammopair.results.pictures import data_uri, legend_picture

    return data_uri(legend_picture(), lossless=True)


def _environment() -> Environment:
    """Everything from a record is escaped; a name that the template lacks is an error."""
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
    )
    return environment

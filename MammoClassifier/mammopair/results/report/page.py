"""The page of a report: an overview of all lesions, then the section of each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from mammopair import RESEARCH_USE_ONLY
from mammopair.atomic_write import atomic_write
from mammopair.record import Record
from mammopair.results import table_text
from mammopair.results.colours import EVIDENCE_LIMIT
from mammopair.results.report.environment import report_environment


def write_page(
    records: Sequence[Record], sections: Iterable[str], path: Path, *, title: str
) -> None:
    """Write one self-contained HTML page without scripts, which needs no network.

    Parameters
    ----------
    records
        One per lesion, in the order of the page.
    sections
        HTML of each lesion from :func:`~mammopair.results.report.lesion_section.render_section`,
        in the same order. Consumed one at a time, so that the page is never in memory as a whole.
    path
        File of the page; it is complete or absent.
    title
        Heading of the page.

    Raises
    ------
    InputError
        If the page cannot be written.
    """
    from markupsafe import Markup

    template = report_environment().get_template("page.html")
    chunks = template.generate(
        title=title,
        notice=RESEARCH_USE_ONLY,
        records=records,
        warnings=table_text.number_warnings(records),
        interval_heading=table_text.interval_heading(records),
        adjusted_heading=table_text.adjusted_heading(records),
        conformal_heading=table_text.conformal_heading(records),
        prevalence_note=table_text.prevalence_note(records),
        has_descriptors=any(record.concepts for record in records),
        has_explanations=any(view.explanation for record in records for view in record.views),
        has_labels=any(record.label is not None for record in records),
        has_operating_points=any(record.operating_points for record in records),
        has_out_of_distribution=any(record.out_of_distribution for record in records),
        sections=map(Markup, sections),
        evidence_limit=EVIDENCE_LIMIT,
    )
    with atomic_write(path) as stream:
        for chunk in chunks:
            stream.write(chunk)

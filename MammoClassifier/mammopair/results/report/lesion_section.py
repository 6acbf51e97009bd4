"""The section of a report about one lesion: its pictures and its numbers, as HTML.

A section depends on its own record only, so that sections can be made on workers and joined to
one page later.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from mammopair.errors import InputError
from mammopair.record import Evidence, Record, ViewResult
from mammopair.results import pictures
from mammopair.results.colours import EVIDENCE_LIMIT
from mammopair.results.member_table import MemberRow, member_rows
from mammopair.results.rendered_view import RenderedView, film_with_box
from mammopair.results.report.descriptor_table import DescriptorRow, descriptor_rows
from mammopair.results.report.environment import report_environment
from mammopair.results.report.explanation_section import ExplainedPictures, explained_pictures
from mammopair.results.text import breast_name
from mammopair.view import Box

PROJECTIONS = ("CC", "MLO")
"""Their order from left to right."""


@dataclass(frozen=True)
class Picture:
    """A picture, and what it shows for those who do not see it."""

    uri: str
    alt: str
    width: int
    height: int


@dataclass(frozen=True)
class ViewPictures:
    """What is seen of one view."""

    film: Picture
    plain: Picture
    evidence: Picture
    caption: str
    """What has been done to the view for display, and how large the square is."""
    fine: Picture | None
    """The map of the explanation, where there is one other than the evidence."""
    explained: ExplainedPictures | None


@dataclass(frozen=True)
class ViewOnPage:
    """One view's part of the page."""

    result: ViewResult
    file: str
    rows: int
    """Of the evidence map."""
    columns: int
    map_mean: float
    mean_logit: float
    """``map_mean + bias``: the mean calibrated logit of the view's readings."""
    pictures: ViewPictures | None
    problem: str = ""
    """Why there are no pictures."""


@dataclass(frozen=True)
class LesionOnPage:
    """One lesion's part of the page."""

    record: Record
    views: tuple[ViewOnPage, ...]
    members: tuple[MemberRow, ...]
    missing: tuple[str, ...]
    """Projections that the lesion has not been marked on."""
    words: tuple[DescriptorRow, ...]
    """Empty where the ensemble has no concept scores."""
    explained: bool
    """Whether a view has an explanation."""


def render_section(record: Record, views: Mapping[str, RenderedView], folder: Path) -> str:
    """Render the HTML of one lesion.

    Parameters
    ----------
    record
        The lesion's record.
    views
        By projection, the rendered views of the lesion.
    folder
        The folder that the file names in the record are relative to.

    Returns
    -------
    str
        An ``article`` element whose id is that of the lesion's row in the overview.
    """
    template = report_environment().get_template("lesion.html")
    return template.render(
        lesion=_lesion_on_page(record, views, folder), limit=EVIDENCE_LIMIT, legend=_legend()
    )


def _lesion_on_page(
    record: Record, views: Mapping[str, RenderedView], folder: Path
) -> LesionOnPage:
    results = sorted(record.views, key=_place)
    return LesionOnPage(
        record=record,
        views=tuple(
            _view_on_page(result, record.laterality, views[result.projection], folder)
            for result in results
        ),
        members=member_rows(results),
        missing=tuple(set(PROJECTIONS) - {result.projection for result in results}),
        words=descriptor_rows(record, results),
        explained=any(result.explanation for result in results),
    )


@cache
def _legend() -> str:
    return pictures.data_uri(pictures.legend_picture(), lossless=True)


def _place(result: ViewResult) -> int:
    return PROJECTIONS.index(result.projection) if result.projection in PROJECTIONS else 2


def _view_on_page(result: ViewResult, breast: str, view: RenderedView, folder: Path) -> ViewOnPage:
    cells = np.asarray(result.evidence.cells, dtype=np.float64)
    shown, problem = None, ""
    try:
        shown = _pictures(result, view, breast, folder)
    except InputError as error:
        problem = str(error)
    return ViewOnPage(
        result=result,
        file=Path(result.file).name,
        rows=cells.shape[0],
        columns=cells.shape[1],
        map_mean=float(cells.mean()),
        mean_logit=float(cells.mean()) + result.evidence.bias,
        pictures=shown,
        problem=problem,
    )


def _pictures(result: ViewResult, view: RenderedView, breast: str, folder: Path) -> ViewPictures:
    box = Box(*result.box)
    square, plain = result.evidence.square, view.lesion
    on_square = square.box_on_grid(box, plain.shape[0])
    boxed = pictures.draw_box(pictures.colour(plain), on_square)

    def under(evidence: Evidence) -> pictures.Colour:
        layer = pictures.evidence_layer(evidence, square, plain.shape[0])
        return pictures.lay_over(boxed, layer)

    def ready(picture: pictures.Grey | pictures.Colour, alt: str) -> Picture:
        rows, columns = picture.shape[:2]
        return Picture(pictures.data_uri(view.hanging.apply(picture)), alt, columns, rows)

    name = f"{breast_name(breast)} {result.projection} view"
    explanation = result.explanation
    fine = None
    if explanation is not None and explanation.method != "evidence":
        fine = ready(under(explanation.evidence), f"The {name}'s square under the finer map.")
    return ViewPictures(
        film=ready(film_with_box(view, box), f"The whole {name} with the mass in its box."),
        plain=ready(plain, f"The mass and its surroundings on the {name}, nothing drawn over it."),
        evidence=ready(
            under(result.evidence),
            f"The same square of the {name} under the evidence map: {result.evidence.direction}.",
        ),
        caption=f"{view.hanging.words} {_extent(view, square.width, square.height)}".strip(),
        fine=fine,
        explained=None if explanation is None else explained_pictures(explanation, view, folder),
    )


def _extent(view: RenderedView, width: float, height: float) -> str:
    """How large the shown square is, in millimetres where they are known."""
    if view.spacing is None:
        return f"The square is {width:.0f} × {height:.0f} pixels; no pixel spacing is known."
    across, down = width * view.spacing.column, height * view.spacing.row
    return f"The square is {across:.0f} × {down:.0f} mm {view.spacing.meaning}."

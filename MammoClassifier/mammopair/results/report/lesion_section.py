"""The section of a report about one lesion, as HTML.

A section depends on its own record only, so that workers can render sections that are joined to
one page later.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from mammopair.errors import InputError
from mammopair.record import Record, ViewResult
from mammopair.results.colours import EVIDENCE_LIMIT
from mammopair.results.hanging_protocol import order_views
from mammopair.results.member_table import MemberRow, member_rows
from mammopair.results.pictures import CHANGE_LIMIT, legend_picture
from mammopair.results.rendered_view import RenderedView, film_with_box, lesion_with_evidence
from mammopair.results.report.descriptor_table import DescriptorRow, descriptor_rows
from mammopair.results.report.embedded_picture import EmbeddedPicture, embed
from mammopair.results.report.environment import report_environment
from mammopair.results.report.explanation_pictures import ExplanationPictures, embed_explanation
from mammopair.results.text import breast_name
from mammopair.view import Box

PROJECTIONS = ("CC", "MLO")


@dataclass(frozen=True)
class ViewContent:
    """What the section shows of one view."""

    result: ViewResult
    file: str
    """Name of the file, without its folder."""
    cells: tuple[int, int]
    """Rows and columns of the evidence map."""
    map_mean: float
    """Mean of the evidence map, in calibrated logits."""
    mean_logit: float
    """``map_mean + bias``: mean calibrated logit of the networks."""
    film: EmbeddedPicture
    lesion: EmbeddedPicture
    evidence: EmbeddedPicture
    caption: str
    """How the view is mirrored for display, and the size of the square."""
    explanation: ExplanationPictures | None
    problem: str
    """Why the pictures of the explanation are absent; empty if they are not."""


@dataclass(frozen=True)
class LesionContent:
    """What the section shows."""

    record: Record
    views: tuple[ViewContent, ...]
    members: tuple[MemberRow, ...]
    missing: tuple[str, ...]
    """Projections on which the lesion is not marked."""
    descriptors: tuple[DescriptorRow, ...]
    """Empty if the ensemble predicts no descriptors."""


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
    results = order_views(record.views)
    marked = {result.projection for result in results}
    content = LesionContent(
        record=record,
        views=tuple(
            _view_content(result, record.laterality, views[result.projection], folder)
            for result in results
        ),
        members=member_rows(results),
        missing=tuple(name for name in PROJECTIONS if name not in marked),
        descriptors=descriptor_rows(record, results),
    )
    template = report_environment().get_template("lesion.html")
    return template.render(
        lesion=content,
        evidence_limit=EVIDENCE_LIMIT,
        change_limit=CHANGE_LIMIT,
        legend=_legend(),
    )


@cache
def _legend() -> EmbeddedPicture:
    return embed(
        legend_picture(),
        f"Colour scale of the evidence: blue against malignancy at minus {EVIDENCE_LIMIT:g} "
        f"logits, transparent at 0, orange for malignancy at plus {EVIDENCE_LIMIT:g} logits, "
        "over dark, medium and bright tissue.",
        lossless=True,
    )


def _view_content(result: ViewResult, breast: str, view: RenderedView, folder: Path) -> ViewContent:
    box, hang = Box(*result.box), view.hanging.apply
    name = f"{breast_name(breast)} {result.projection} view"
    cells = np.asarray(result.evidence.cells, dtype=np.float64)
    explanation, problem = None, ""
    if result.explanation is not None:
        try:
            explanation = embed_explanation(result.explanation, view, box, folder)
        except InputError as error:
            problem = str(error)
    return ViewContent(
        result=result,
        file=Path(result.file).name,
        cells=cells.shape,
        map_mean=float(cells.mean()),
        mean_logit=float(cells.mean()) + result.evidence.bias,
        film=embed(hang(film_with_box(view, box)), f"Whole {name} with the marked box."),
        lesion=embed(hang(view.lesion), f"The mass on the {name}, without overlay."),
        evidence=embed(
            hang(lesion_with_evidence(view, result.evidence, box)),
            f"The mass on the {name} with the evidence map: {result.evidence.direction}.",
        ),
        caption=f"{view.hanging.caption} {_square_size(view)}".strip(),
        explanation=explanation,
        problem=problem,
    )


def _square_size(view: RenderedView) -> str:
    """Return the size of the square, in millimetres where the pixel spacing is known."""
    width, height = view.square.width, view.square.height
    if view.spacing is None:
        return f"Square: {width:.0f} × {height:.0f} pixels (pixel spacing unknown)."
    across, down = width * view.spacing.column, height * view.spacing.row
    return f"Square: {across:.0f} × {down:.0f} mm {view.spacing.meaning}."

"""Lesions on small synthetic mammograms, with records of known numbers."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from pathlib import Path

import numpy as np
from pydicom.uid import generate_uid

from mammopair.crop import place_square
from mammopair.io.dicom import read_header
from mammopair.io.reader import read_view
from mammopair.record import (
    ConceptScore,
    Evidence,
    Interval,
    MemberScore,
    ModelReference,
    Record,
    ViewResult,
)
from mammopair.results.dicom.export import ResultObject, make_objects
from mammopair.results.rendered_view import RenderedView, render_view
from mammopair.view import Box
from mammopair.warning import CodedWarning
from Testing.synthetic_mammograms import breast, write_mammogram

BOXES = {"CC": (20.0, 30.0, 16.0, 20.0), "MLO": (10.5, 40.25, 12.0, 9.5)}
PROBABILITIES = {"CC": 0.71234567, "MLO": 0.4512}
CELLS = np.array(
    [
        [-5.0, -2.5, -1.5, -0.75],
        [-0.49, 0.0, 0.2, 0.49],
        [0.5, 0.99, 1.0, 1.99],
        [2.0, 3.99, 4.0, 6.5],
    ]
)
"""Logits of all levels, including bounds: a row against, a negligible row, two rows for."""
LABELS = np.array([[1, 2, 3, 4], [0, 0, 0, 0], [5, 5, 6, 6], [7, 7, 8, 8]])
MODEL = ModelReference(name="light-googlenet", version="3", sha256="c0ffee" + "0" * 58)
CONCEPTS = [
    ConceptScore(descriptor="spiculated", score=0.8234567, above_with=0.74, above_without=0.98),
    ConceptScore(descriptor="ill-defined", score=0.25, above_with=0.4, above_without=0.5),
    ConceptScore(descriptor="oval", score=0.1, above_with=0.1, above_without=0.2),
]
"""Two margins, which the report includes, and a shape, which it does not."""
WARNINGS = [CodedWarning(code="no-spacing", message="The pixel spacing is unknown.")]
MOMENT = datetime(2026, 3, 4, 5, 6, 7)


def write_pair(folder: Path, projections=("CC", "MLO"), **attributes: object) -> dict[str, Path]:
    """Write the views of a left breast; by default of one study."""
    shared = {"StudyInstanceUID": generate_uid(), "SeriesInstanceUID": generate_uid()}
    # Pixels of 0.3 mm, so that the boxes are as large as masses.
    shared |= {"ImageLaterality": "L", "ImagerPixelSpacing": [0.3, 0.3]}
    shared |= {"PatientOrientation": ["A", "R"], **attributes}
    return {
        name: write_mammogram(
            folder / f"{name}.dcm", breast(120, 90, seed=number), ViewPosition=name, **shared
        )
        for number, name in enumerate(projections)
    }


def make_record(files: dict[str, Path], cells=CELLS, boxes=BOXES, **changes: object) -> Record:
    """Return a record about files, with the same evidence on each view."""
    views = []
    for name, path in files.items():
        header, box = read_header(path), boxes[name]
        square = place_square(read(path), Box(*box))
        views.append(
            ViewResult(
                projection=name,
                file=str(path),
                box=box,
                probability=PROBABILITIES[name],
                member_scores=[
                    MemberScore(member="member-0", logit=0.5, probability=PROBABILITIES[name])
                ],
                evidence=Evidence(
                    cells=np.asarray(cells, dtype=float).tolist(),
                    bias=-0.125,
                    square=square,
                    direction="for malignancy, inside the box",
                ),
                sop_uid=header.sop_uid,
                concepts=CONCEPTS,
            )
        )
    given = {
        "case_id": "case-7",
        "lesion_id": "2",
        "laterality": "L",
        "probability": float(np.mean([view.probability for view in views])),
        "interval": Interval(low=0.3125, high=0.8, level=0.9),
        "views": views,
        "concepts": CONCEPTS,
        "warnings": WARNINGS,
        "model": MODEL,
        "software": "mammopair 0.1.0",
    }
    return Record(**(given | changes))


@cache
def read(path: Path):
    return read_view(path)


def render(record: Record) -> dict[str, RenderedView]:
    """Render the views of a record, by projection."""
    return {
        view.projection: render_view(read(Path(view.file)), view.evidence.square, record.laterality)
        for view in record.views
    }


def objects_of(record: Record) -> dict[str, ResultObject]:
    """Return all objects of a record, by the names of their files."""
    made = make_objects(record, render(record), MOMENT)
    return {one.name: one for one in made}

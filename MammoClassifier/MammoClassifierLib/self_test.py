"""The module's self test: it runs in Slicer and on the test host, with and without PyTorch.

The views are synthetic, so that nothing is downloaded. If the engine's packages are installed, the
packaged ensemble classifies them; the results have no clinical meaning.
"""

from __future__ import annotations

from math import isclose
from typing import TYPE_CHECKING

import slicer

from MammoClassifierLib.install import missingPackages
from MammoClassifierLib.logic import MammoClassifierLogic
from MammoClassifierLib.scene.counterfactual_volumes import hasCounterfactuals
from MammoClassifierLib.scene.geometry import boxFromRoi, fitRoiToBox, toMatrix
from MammoClassifierLib.scene.map_nodes import hasMaps
from MammoClassifierLib.scene.result_nodes import readRecord, resultsInScene, viewsOf
from mammopair.errors import InputError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from slicer import vtkMRMLMarkupsROINode, vtkMRMLScalarVolumeNode

BOX = (60.0, 90.0, 40.0, 36.0)


def testBoxes() -> None:
    """A ROI on a rotated volume marks the box that it was placed on."""
    volume = addView("R CC", degrees=30.0)
    box = boxFromRoi(markView(volume), volume)
    for found, expected in zip((box.x, box.y, box.width, box.height), BOX, strict=True):
        assert isclose(found, expected, abs_tol=1e-5)


def testErrors() -> None:
    """Missing inputs raise an InputError, and the scene is left as it was."""
    before, message = slicer.mrmlScene.GetNumberOfNodes(), ""
    try:
        MammoClassifierLogic().classify()
    except InputError as error:
        message = str(error)
    assert message
    assert slicer.mrmlScene.GetNumberOfNodes() == before


def testClassify() -> None:
    """A marked pair is classified; the scene has a table with the record and the views."""
    if missingPackages():
        return
    cc, mlo = addView("R CC"), addView("R MLO")
    record = MammoClassifierLogic().classify(cc, markView(cc), mlo, markView(mlo))
    assert 0.0 < record.probability < 1.0
    assert record.research_use_only
    (table,) = resultsInScene()
    assert readRecord(table) == record
    assert viewsOf(table) == {"CC": cc, "MLO": mlo}


def testExplain() -> None:
    """A result gets another map, counterfactual images and another prevalence."""
    if missingPackages():
        return
    cc = addView("R CC")
    logic = MammoClassifierLogic()
    record = logic.classify(cc, markView(cc))
    table = next(table for table in resultsInScene() if viewsOf(table) == {"CC": cc})
    logic.explain(table, "fine-evidence")
    logic.addCounterfactuals(table)
    assert hasMaps(table, "fine-evidence")
    assert hasCounterfactuals(table)
    if record.prevalence is not None:
        adjusted = logic.adjustPrevalence(record, record.prevalence / 2)
        assert adjusted.prior_shift.probability < record.probability


def testExport() -> None:
    """A result is exported to the DICOM database; a second export replaces it."""
    if missingPackages():
        return
    from DICOMLib import DICOMUtils
    from pydicom.uid import generate_uid

    from MammoClassifierLib.dicom.volume_loader import loadMammogram

    with DICOMUtils.TemporaryDICOMDatabase() as database:
        instance = str(generate_uid())
        database.insert(writeView(instance))
        cc = loadMammogram(database.fileForInstance(instance), "R CC")
        logic = MammoClassifierLogic()
        record = logic.classify(cc, markView(cc))
        exported = logic.exportToDicomDatabase(record)
        assert logic.exportToDicomDatabase(record) == exported
        (patient,) = database.patients()
        (study,) = database.studiesForPatient(patient)
        assert len(database.allFiles()) == 1 + len(exported)
        series = database.seriesForStudy(study)
        assert {"MG", "SR"} <= {database.fieldForSeries("Modality", one) for one in series}


TESTS = (testBoxes, testErrors, testClassify, testExplain, testExport)


def syntheticPixels() -> npt.NDArray[np.int16]:
    """Return an image ``(300, 220)`` that resembles a breast with a mass."""
    import numpy as np

    y, x = np.mgrid[:300, :220]
    breast = np.clip(1.0 - np.hypot(x / 170.0, (y - 150) / 160.0), 0.0, 1.0)
    mass = np.exp(-((x - 80.0) ** 2 + (y - 108.0) ** 2) / 200.0)
    return (2000 * breast + 1500 * mass).astype(np.int16)


def addView(name: str, degrees: float = 0.0) -> vtkMRMLScalarVolumeNode:
    """Add the image as a volume, rotated in its plane."""
    import numpy as np

    volume = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", name)
    slicer.util.updateVolumeFromArray(volume, syntheticPixels()[None])
    cosine, sine = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    matrix = np.eye(4)
    matrix[:2, :2] = -0.2 * np.array([[cosine, -sine], [sine, cosine]])
    volume.SetIJKToRASMatrix(toMatrix(matrix))
    volume.CreateDefaultDisplayNodes()
    return volume


def writeView(instance: str) -> str:
    """Write the image as a DICOM file of a right CC view; return its path."""
    from pydicom import Dataset, dcmwrite
    from pydicom.dataset import FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian, generate_uid

    pixels = syntheticPixels().astype("<u2")
    view, meta = Dataset(), FileMetaDataset()
    for keyword, value in {
        "SOPClassUID": "1.2.840.10008.5.1.4.1.1.1.2",  # digital mammography, for presentation
        "SOPInstanceUID": instance,
        "StudyInstanceUID": generate_uid(),
        "SeriesInstanceUID": generate_uid(),
        **{"PatientName": "Synthetic^Breast", "PatientID": "synthetic", "Modality": "MG"},
        **{"ImageLaterality": "R", "ViewPosition": "CC", "PatientOrientation": ["P", "L"]},
        **{"Rows": pixels.shape[0], "Columns": pixels.shape[1], "SamplesPerPixel": 1},
        **{"BitsAllocated": 16, "BitsStored": 12, "HighBit": 11, "PixelRepresentation": 0},
        **{"PhotometricInterpretation": "MONOCHROME2", "PixelData": pixels.tobytes()},
    }.items():
        setattr(view, keyword, value)
    setattr(meta, "TransferSyntaxUID", ExplicitVRLittleEndian)  # noqa: B010
    setattr(view, "file_meta", meta)  # noqa: B010
    path = f"{slicer.app.temporaryPath}/MammoClassifierSelfTest.dcm"
    dcmwrite(path, view, enforce_file_format=True)
    return path


def markView(volume: vtkMRMLScalarVolumeNode) -> vtkMRMLMarkupsROINode:
    """Add a ROI around the mass."""
    from mammopair.view import Box

    roi = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLMarkupsROINode", "Mass " + volume.GetName())
    fitRoiToBox(roi, volume, Box(*BOX))
    return roi

"""The module's self test: it runs in Slicer and on the test host, with and without PyTorch.

Views are painted here, so that nothing is downloaded. Where the engine is installed, the
ensemble that ships classifies them; what it says of a painted breast means nothing.
"""

from __future__ import annotations

from math import isclose
from typing import TYPE_CHECKING

import slicer

from MammoClassifierLib.install import missingPackages
from MammoClassifierLib.logic import MammoClassifierLogic
from MammoClassifierLib.scene.counterfactual_volumes import hasMoved
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
    """A ROI on a turned volume marks the box that it was laid on."""
    volume = paintView("R CC", degrees=30.0)
    box = boxFromRoi(markView(volume), volume)
    for found, expected in zip((box.x, box.y, box.width, box.height), BOX, strict=True):
        assert isclose(found, expected, abs_tol=1e-5)


def testSentences() -> None:
    """What cannot be used is said in a sentence, and the scene stays as it was."""
    before, sentence = slicer.mrmlScene.GetNumberOfNodes(), ""
    try:
        MammoClassifierLogic().classify()
    except InputError as error:
        sentence = str(error)
    assert sentence
    assert slicer.mrmlScene.GetNumberOfNodes() == before


def testClassify() -> None:
    """A marked pair becomes a record, a table and evidence over both views."""
    if missingPackages():
        return
    cc, mlo = paintView("R CC"), paintView("R MLO")
    record = MammoClassifierLogic().classify(cc, markView(cc), mlo, markView(mlo))
    assert 0.0 < record.probability < 1.0
    assert record.research_use_only
    (table,) = resultsInScene()
    assert readRecord(table) == record
    assert viewsOf(table) == {"CC": cc, "MLO": mlo}


def testExplain() -> None:
    """A result gets another map and the moved mass, and only restates where it can."""
    if missingPackages():
        return
    cc = paintView("R CC")
    logic = MammoClassifierLogic()
    record = logic.classify(cc, markView(cc))
    table = next(table for table in resultsInScene() if viewsOf(table) == {"CC": cc})
    logic.explain(table, "fine-evidence")
    logic.moveImages(table)
    assert hasMaps(table, "fine-evidence")
    assert hasMoved(table)
    if record.prevalence is not None:
        assert (
            logic.restate(record, record.prevalence / 2).prior_shift.probability
            < record.probability
        )


def testExport() -> None:
    """A result goes into the DICOM database, beside its image, and again in its own place."""
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


TESTS = (testBoxes, testSentences, testClassify, testExplain, testExport)


def paintBreast() -> npt.NDArray[np.int16]:
    """``(300, 220)``: a breast-like picture with a mass in it."""
    import numpy as np

    y, x = np.mgrid[:300, :220]
    breast = np.clip(1.0 - np.hypot(x / 170.0, (y - 150) / 160.0), 0.0, 1.0)
    mass = np.exp(-((x - 80.0) ** 2 + (y - 108.0) ** 2) / 200.0)
    return (2000 * breast + 1500 * mass).astype(np.int16)


def paintView(name: str, degrees: float = 0.0) -> vtkMRMLScalarVolumeNode:
    """The picture as a volume, turned in its plane."""
    import numpy as np

    volume = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", name)
    slicer.util.updateVolumeFromArray(volume, paintBreast()[None])
    cosine, sine = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    matrix = np.eye(4)
    matrix[:2, :2] = -0.2 * np.array([[cosine, -sine], [sine, cosine]])
    volume.SetIJKToRASMatrix(toMatrix(matrix))
    volume.CreateDefaultDisplayNodes()
    return volume


def writeView(instance: str) -> str:
    """The picture as a DICOM file, a right CC view; gives its path."""
    from pydicom import Dataset, dcmwrite
    from pydicom.dataset import FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian, generate_uid

    pixels = paintBreast().astype("<u2")
    view, meta = Dataset(), FileMetaDataset()
    for keyword, value in {
        "SOPClassUID": "1.2.840.10008.5.1.4.1.1.1.2",  # digital mammography, for presentation
        "SOPInstanceUID": instance,
        "StudyInstanceUID": generate_uid(),
        "SeriesInstanceUID": generate_uid(),
        **{"PatientName": "Painted^Breast", "PatientID": "painted", "Modality": "MG"},
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
    """A ROI around the painted mass."""
    from mammopair.view import Box

    roi = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLMarkupsROINode", "Mass " + volume.GetName())
    fitRoiToBox(roi, volume, Box(*BOX))
    return roi

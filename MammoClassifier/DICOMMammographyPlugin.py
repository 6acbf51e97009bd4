"""DICOM plug-in for mammograms: the classes that 3D Slicer looks for.

The implementation is in ``MammoClassifierLib.dicom.loadables`` and ``volume_loader``.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import slicer
from DICOMLib import DICOMLoadable, DICOMPlugin
from slicer.i18n import tr as _

from MammoClassifierLib.dicom.loadables import TAGS, LoadableView, findRawDuplicates, findViews
from MammoClassifierLib.dicom.volume_loader import loadMammogram
from mammopair.errors import InputError

if TYPE_CHECKING:
    from slicer import vtkMRMLScalarVolumeNode

CONFIDENCE = 1.05
"""Slicer loads the loadable with the highest confidence. For images without a position its scalar
volume plug-in has 0.5; its multi-volume plug-in has 1 for images acquired at different times."""
RAW_CONFIDENCE = 0.6
"""Confidence of raw data if the same series has the view for presentation."""


class DICOMMammographyPluginClass(DICOMPlugin):
    """Offers and loads mammograms, one volume for each view."""

    def __init__(self) -> None:
        super().__init__()
        self.loadType = _("Mammogram")
        self.tags.update(TAGS)
        self._views: dict[str, LoadableView] = {}

    def examineForImport(self, fileLists: list[list[str]]) -> list[DICOMLoadable]:
        """Return the loadables of lists of files, one list for each series.

        Raw data are not selected if the same view is available for presentation. The DICOM browser
        selects again by confidence within each series, so that it also loads raw data that are a
        series of their own.
        """
        loadables = super().examineForImport(fileLists)
        views = [self._views[loadable.files[0]] for loadable in loadables]
        inStudy, inSeries = findRawDuplicates(views), findRawDuplicates(views, withinSeries=True)
        for loadable in loadables:
            (file,) = loadable.files
            loadable.selected = file not in inStudy
            loadable.confidence = RAW_CONFIDENCE if file in inSeries else CONFIDENCE
        return loadables

    def examineFiles(self, files: list[str]) -> list[DICOMLoadable]:
        """Return the loadables of the files of one series, one for each mammogram."""
        loadables = []
        for view in findViews(files):
            loadable = DICOMLoadable()
            loadable.files = [view.file]
            loadable.name, loadable.tooltip = view.name, view.tooltip
            loadable.warning = view.warning
            loadable.selected, loadable.confidence = True, CONFIDENCE
            loadables.append(loadable)
            self._views[view.file] = view
        return loadables

    def load(self, loadable: DICOMLoadable) -> vtkMRMLScalarVolumeNode | None:
        """Load a mammogram, place it under its study and show it; None if it is unreadable."""
        try:
            node = loadMammogram(loadable.files[0], loadable.name)
        except InputError as error:
            logging.error(str(error))
            return None
        if self._hasStudyAndSeries(loadable.files[0]):
            self.addSeriesInSubjectHierarchy(loadable, node)
        logic = slicer.app.applicationLogic()
        logic.GetSelectionNode().SetActiveVolumeID(node.GetID())
        logic.PropagateVolumeSelection()
        return node

    def _hasStudyAndSeries(self, file: str) -> bool:
        """Return whether both UIDs are present; without, Slicer would choose an arbitrary study."""
        value = slicer.dicomDatabase.fileValue
        return all(value(file, self.tags[tag]) for tag in ("studyInstanceUID", "seriesInstanceUID"))


class DICOMMammographyPlugin:
    """Registers the plug-in; a hidden module without a panel.

    Parameters
    ----------
    parent
        Slicer's object for the module.
    """

    def __init__(self, parent: object) -> None:
        parent.title = "DICOM Mammography Plugin"
        parent.categories = ["Developer Tools.DICOM Plugins"]
        parent.contributors = ["The MammoClassifier developers"]
        parent.helpText = (
            "Loads mammograms from DICOM, one volume for each view, with bright dense tissue, the "
            "window and the pixel spacing of the file, in the usual orientation. It is used by the "
            "DICOM module and has no panel."
        )
        parent.acknowledgementText = ""
        parent.hidden = True
        # Modules are loaded in any order; the first DICOM plug-in creates the dictionary.
        if not hasattr(slicer.modules, "dicomPlugins"):
            slicer.modules.dicomPlugins = {}
        slicer.modules.dicomPlugins["DICOMMammographyPlugin"] = DICOMMammographyPluginClass

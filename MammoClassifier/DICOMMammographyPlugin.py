"""DICOM plug-in for mammograms: the classes that 3D Slicer looks for.

What it does is in MammoClassifierLib: ``dicomoffers`` and ``dicomloading``.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import slicer
from DICOMLib import DICOMLoadable, DICOMPlugin
from slicer.i18n import tr as _

if TYPE_CHECKING:
    from slicer import vtkMRMLScalarVolumeNode

    from MammoClassifierLib.dicom.loadables import Offer

CONFIDENCE = 1.05
"""Slicer takes what it is most confident in. Where images have no position, its scalar volume
plug-in says 0.5, and its multi-volume plug-in takes images of different times for one moving
picture and says 1."""
CONFIDENCE_BESIDE = 0.6
"""Of raw data whose view is there for presentation, in the same series."""


class DICOMMammographyPluginClass(DICOMPlugin):
    """Offers and loads mammograms: one volume a view."""

    def __init__(self) -> None:
        from MammoClassifierLib.dicom.loadables import TAGS

        super().__init__()
        self.loadType = _("Mammogram")
        self.tags.update(TAGS)
        self._offers: dict[str, Offer] = {}

    def examineForImport(self, fileLists: list[list[str]]) -> list[DICOMLoadable]:
        """What can be loaded of lists of files, a list a series.

        Raw data are not selected where their view is there for presentation. The DICOM browser
        then selects anew, each series by itself and by confidence alone: raw data that are a
        series of their own, as they should be, it loads as well.
        """
        from MammoClassifierLib.dicom.loadables import rawTwins

        loadables = super().examineForImport(fileLists)
        offers = [self._offers[loadable.files[0]] for loadable in loadables]
        twins, besides = rawTwins(offers), rawTwins(offers, ofOneSeries=True)
        for loadable in loadables:
            (file,) = loadable.files
            loadable.selected = file not in twins
            loadable.confidence = CONFIDENCE_BESIDE if file in besides else CONFIDENCE
        return loadables

    def examineFiles(self, files: list[str]) -> list[DICOMLoadable]:
        """What can be loaded of the files of a series: one loadable a mammogram."""
        from MammoClassifierLib.dicom.loadables import offersOf

        loadables = []
        for offer in offersOf(files):
            loadable = DICOMLoadable()
            loadable.files = [offer.file]
            loadable.name, loadable.tooltip = offer.name, offer.tooltip
            loadable.warning = offer.warning
            loadable.selected, loadable.confidence = True, CONFIDENCE
            loadables.append(loadable)
            self._offers[offer.file] = offer
        return loadables

    def load(self, loadable: DICOMLoadable) -> vtkMRMLScalarVolumeNode | None:
        """Load a mammogram, place it under its study and show it; None where it is unreadable."""
        from MammoClassifierLib.dicom.volume_loader import loadMammogram
        from mammopair.errors import InputError

        try:
            node = loadMammogram(loadable.files[0], loadable.name)
        except InputError as error:
            logging.error(str(error))
            return None
        if self._namesItsStudy(loadable.files[0]):
            self.addSeriesInSubjectHierarchy(loadable, node)
        logic = slicer.app.applicationLogic()
        logic.GetSelectionNode().SetActiveVolumeID(node.GetID())
        logic.PropagateVolumeSelection()
        return node

    def _namesItsStudy(self, file: str) -> bool:
        """Where a UID is missing, Slicer would take any item without one for the study."""
        value = slicer.dicomDatabase.fileValue
        return all(value(file, self.tags[tag]) for tag in ("studyInstanceUID", "seriesInstanceUID"))


class DICOMMammographyPlugin:
    """Registers the plug-in; hidden, for it has no panel of its own."""

    def __init__(self, parent: object) -> None:
        parent.title = "DICOM Mammography Plugin"
        parent.categories = ["Developer Tools.DICOM Plugins"]
        parent.contributors = ["The MammoClassifier developers"]
        parent.helpText = (
            "Loads mammograms from DICOM: one volume a view, bright where dense, in the window "
            "of the file, spaced and hung as it should be. It works in the DICOM module and has "
            "no panel of its own."
        )
        parent.acknowledgementText = ""
        parent.hidden = True
        # Modules come in any order, and whoever comes first makes the table.
        if not hasattr(slicer.modules, "dicomPlugins"):
            slicer.modules.dicomPlugins = {}
        slicer.modules.dicomPlugins["DICOMMammographyPlugin"] = DICOMMammographyPluginClass

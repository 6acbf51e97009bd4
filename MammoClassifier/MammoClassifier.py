"""MammoClassifier: the classes that 3D Slicer looks for; implemented in MammoClassifierLib."""

import slicer
from slicer.i18n import tr as _
from slicer.i18n import translate
from slicer.ScriptedLoadableModule import ScriptedLoadableModule, ScriptedLoadableModuleTest

from MammoClassifierLib.logic import MammoClassifierLogic
from MammoClassifierLib.panel.widget import MammoClassifierWidget
from MammoClassifierLib.sample_data import registerSampleData
from MammoClassifierLib.self_test import TESTS

__all__ = [
    "MammoClassifier",
    "MammoClassifierLogic",
    "MammoClassifierTest",
    "MammoClassifierWidget",
]


class MammoClassifier(ScriptedLoadableModule):
    """Title, category and help of the module."""

    def __init__(self, parent: object) -> None:
        super().__init__(parent)
        parent.title = _("MammoClassifier")
        parent.categories = [translate("qSlicerAbstractCoreModule", "Quantification")]
        parent.dependencies = []
        parent.contributors = ["The MammoClassifier developers"]
        parent.helpText = _(
            "Estimates the probability that a mass marked on the CC and MLO mammograms of a "
            "breast is malignant, and displays the evidence on both views. Research use only, not "
            "a medical device. Load a study, open the module, mark the mass on one view or both "
            "views, and click Classify."
        )
        parent.acknowledgementText = _(
            "A reconstruction of Yi et al., Optimizing and Visualizing Deep Learning for "
            "Benign/Malignant Classification in Breast Tumors, arXiv 1705.06362. The networks "
            "were trained on CBIS-DDSM (CC BY 3.0)."
        )
        slicer.app.connect("startupCompleted()", registerSampleData)


class MammoClassifierTest(ScriptedLoadableModuleTest):
    """The self test; it runs in Slicer and on the test host, with and without PyTorch."""

    def setUp(self) -> None:
        """Clear the scene."""
        slicer.mrmlScene.Clear()

    def runTest(self) -> None:
        """Run all tests."""
        for test in TESTS:
            self.setUp()
            self.delayDisplay(test.__doc__.splitlines()[0])
            test()

"""The user's choices, stored in the scene by Slicer's parameter node wrapper."""

from enum import Enum
from typing import Annotated

from slicer import vtkMRMLMarkupsROINode, vtkMRMLScalarVolumeNode, vtkMRMLTableNode
from slicer.i18n import tr as _
from slicer.parameterNodeWrapper import WithinRange, parameterNodeWrapper

from MammoClassifierLib.scene.inputs import MarkedVolume, collectInputs, fingerprint
from MammoClassifierLib.views.overlay import Overlay
from mammopair.errors import InputError


class Side(Enum):
    """The laterality of the breast, where the images do not state it."""

    AUTOMATIC = None
    RIGHT = "R"
    LEFT = "L"

    def label(self) -> str:
        """Return the text in the selector."""
        return {
            Side.AUTOMATIC: _("from the images"),
            Side.RIGHT: _("right"),
            Side.LEFT: _("left"),
        }[self]


class ShownMap(Enum):
    """The method of the displayed map; the values are the engine's names."""

    BEST = ""
    EVIDENCE = "evidence"
    SHIFTED = "shifted-evidence"
    FINE = "fine-evidence"
    OCCLUSION = "occlusion"
    GRADIENTS = "integrated-gradients"

    def label(self) -> str:
        """Return the text in the selector."""
        return {
            ShownMap.BEST: _("default"),
            ShownMap.EVIDENCE: _("class activation"),
            ShownMap.SHIFTED: _("shifted evidence"),
            ShownMap.FINE: _("fine evidence"),
            ShownMap.OCCLUSION: _("occlusion"),
            ShownMap.GRADIENTS: _("integrated gradients"),
        }[self]


class ShownMass(Enum):
    """The displayed image of the mass: the original or a counterfactual image."""

    ORIGINAL = ""
    MALIGNANT = "malignant"
    BENIGN = "benign"
    DIFFERENCE = "difference"

    def label(self) -> str:
        """Return the text in the selector."""
        return {
            ShownMass.ORIGINAL: _("original"),
            ShownMass.MALIGNANT: _("changed towards malignant"),
            ShownMass.BENIGN: _("changed towards benign"),
            ShownMass.DIFFERENCE: _("difference malignant minus benign"),
        }[self]


@parameterNodeWrapper
class MammoClassifierParameterNode:
    """The parameters of the module; the .ui file binds widgets to them by name.

    ccVolume, mloVolume - the two views.
    ccRoi, mloRoi - the ROI around the mass on each view.
    side - the laterality, used if the volumes do not state it.
    result - the table of the displayed result.
    prevalence - prevalence of malignancy in per cent; 0 is that of the training data.
    map - the method of the displayed map.
    opacity, level, continuous - how the map is displayed.
    mass - the original or a counterfactual image.
    """

    ccVolume: vtkMRMLScalarVolumeNode
    mloVolume: vtkMRMLScalarVolumeNode
    ccRoi: vtkMRMLMarkupsROINode
    mloRoi: vtkMRMLMarkupsROINode
    side: Side = Side.AUTOMATIC
    result: vtkMRMLTableNode
    prevalence: Annotated[float, WithinRange(0.0, 99.0)] = 0.0
    map: ShownMap = ShownMap.BEST
    mass: ShownMass = ShownMass.ORIGINAL
    opacity: Annotated[float, WithinRange(0.0, 1.0)] = 1.0
    level: Annotated[int, WithinRange(1, 4)] = 1
    continuous: bool = False

    def volumes(self) -> dict[str, vtkMRMLScalarVolumeNode | None]:
        """Return the volume of each projection."""
        return {"CC": self.ccVolume, "MLO": self.mloVolume}

    def rois(self) -> dict[str, vtkMRMLMarkupsROINode | None]:
        """Return the ROI of each projection."""
        return {"CC": self.ccRoi, "MLO": self.mloRoi}

    def inputs(self) -> tuple[MarkedVolume, ...]:
        """Return the marked views.

        Raises
        ------
        InputError
            If they cannot be classified; one sentence with the remedy.
        """
        return collectInputs(self.ccVolume, self.ccRoi, self.mloVolume, self.mloRoi)

    def problem(self) -> str:
        """Return why the views cannot be classified, in a sentence; empty if they can."""
        try:
            self.inputs()
        except InputError as error:
            return str(error)
        return ""

    def usableInputs(self) -> tuple[MarkedVolume, ...]:
        """Return the marked views; none if they cannot be classified."""
        try:
            return self.inputs()
        except InputError:
            return ()

    def fingerprint(self) -> str:
        """Return the fingerprint of :meth:`usableInputs` and the side."""
        return fingerprint(self.usableInputs(), self.side.value)

    def overlay(self) -> Overlay:
        """Return the choices for the overlay."""
        return Overlay(self.opacity, self.level, self.continuous, self.map.value, self.mass.value)

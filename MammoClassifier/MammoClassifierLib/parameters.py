"""What the user has chosen, kept in the scene by Slicer's parameter node wrapper."""

from enum import Enum
from typing import Annotated

from slicer import vtkMRMLMarkupsROINode, vtkMRMLScalarVolumeNode, vtkMRMLTableNode
from slicer.i18n import tr as _
from slicer.parameterNodeWrapper import WithinRange, parameterNodeWrapper

from MammoClassifierLib.inputs import MarkedVolume, collectInputs
from MammoClassifierLib.overlay import Overlay
from mammopair.errors import InputError


class Side(Enum):
    """The breast, as the user says it."""

    AUTOMATIC = None
    RIGHT = "R"
    LEFT = "L"

    def label(self) -> str:
        """What the selector shows."""
        return {
            Side.AUTOMATIC: _("as the images say"),
            Side.RIGHT: _("right"),
            Side.LEFT: _("left"),
        }[self]


@parameterNodeWrapper
class MammoClassifierParameterNode:
    """The parameters of the module; see the widgets of the same names.

    ccVolume, mloVolume - the two views.
    ccRoi, mloRoi - the ROI around the mass on each.
    side - the breast, where the volumes do not know.
    result - the table of the result that is shown.
    prevalence - per cent of such masses that are malignant, at which it is restated; 0: as trained.
    opacity, level, continuous - how its evidence is shown.
    """

    ccVolume: vtkMRMLScalarVolumeNode
    mloVolume: vtkMRMLScalarVolumeNode
    ccRoi: vtkMRMLMarkupsROINode
    mloRoi: vtkMRMLMarkupsROINode
    side: Side = Side.AUTOMATIC
    result: vtkMRMLTableNode
    prevalence: Annotated[float, WithinRange(0.0, 99.0)] = 0.0
    opacity: Annotated[float, WithinRange(0.0, 1.0)] = 1.0
    level: Annotated[int, WithinRange(1, 4)] = 1
    continuous: bool = False

    def inputs(self) -> tuple[MarkedVolume, ...]:
        """The marked views; raises InputError with a sentence where they cannot be used."""
        return collectInputs(self.ccVolume, self.ccRoi, self.mloVolume, self.mloRoi)

    def problem(self) -> str:
        """What is missing, in a sentence; empty if nothing is."""
        try:
            self.inputs()
        except InputError as error:
            return str(error)
        return ""

    def overlay(self) -> Overlay:
        """How the evidence is to be shown."""
        return Overlay(self.opacity, self.level, self.continuous)

    def shown(self) -> dict[str, vtkMRMLScalarVolumeNode | None]:
        """The volume of each projection."""
        return {"CC": self.ccVolume, "MLO": self.mloVolume}

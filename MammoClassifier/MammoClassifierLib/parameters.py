"""What the user has chosen, kept in the scene by Slicer's parameter node wrapper."""

from enum import Enum
from typing import Annotated

from slicer import vtkMRMLMarkupsROINode, vtkMRMLScalarVolumeNode, vtkMRMLTableNode
from slicer.i18n import tr as _
from slicer.parameterNodeWrapper import WithinRange, parameterNodeWrapper

from MammoClassifierLib.scene.inputs import MarkedVolume, collectInputs
from MammoClassifierLib.views.overlay import Overlay
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


class ShownMap(Enum):
    """The method whose map lies over the views, by its name in mammopair."""

    BEST = ""
    EVIDENCE = "evidence"
    SHIFTED = "shifted-evidence"
    FINE = "fine-evidence"
    OCCLUSION = "occlusion"
    GRADIENTS = "integrated-gradients"

    def label(self) -> str:
        """What the selector shows."""
        return {
            ShownMap.BEST: _("default"),
            ShownMap.EVIDENCE: _("evidence (exact)"),
            ShownMap.SHIFTED: _("shifted evidence"),
            ShownMap.FINE: _("fine evidence"),
            ShownMap.OCCLUSION: _("occlusion"),
            ShownMap.GRADIENTS: _("integrated gradients"),
        }[self]


class ShownMass(Enum):
    """What is seen where the mass is."""

    ORIGINAL = ""
    MALIGNANT = "malignant"
    BENIGN = "benign"
    DIFFERENCE = "difference"

    def label(self) -> str:
        """What the selector shows."""
        return {
            ShownMass.ORIGINAL: _("original"),
            ShownMass.MALIGNANT: _("moved towards malignant"),
            ShownMass.BENIGN: _("moved towards benign"),
            ShownMass.DIFFERENCE: _("malignant less benign"),
        }[self]


@parameterNodeWrapper
class MammoClassifierParameterNode:
    """The parameters of the module; see the widgets of the same names.

    ccVolume, mloVolume - the two views.
    ccRoi, mloRoi - the ROI around the mass on each.
    side - the breast, where the volumes do not know.
    result - the table of the result that is shown.
    prevalence - per cent of such masses that are malignant, at which it is restated; 0: as trained.
    map - whose map is shown over the views.
    opacity, level, continuous - how it is shown.
    mass - the mass as it is, or moved.
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
        """What is to be shown over the views."""
        return Overlay(self.opacity, self.level, self.continuous, self.map.value, self.mass.value)

    def shown(self) -> dict[str, vtkMRMLScalarVolumeNode | None]:
        """The volume of each projection."""
        return {"CC": self.ccVolume, "MLO": self.mloVolume}

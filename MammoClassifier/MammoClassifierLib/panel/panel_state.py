"""The state of the panel and the slice views, as one value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from MammoClassifierLib.scene.result_nodes import isStale, readRecord
from MammoClassifierLib.views.overlay import Overlay

if TYPE_CHECKING:
    from slicer import vtkMRMLMarkupsROINode, vtkMRMLScalarVolumeNode, vtkMRMLTableNode

    from MammoClassifierLib.logic import MammoClassifierLogic
    from MammoClassifierLib.parameters import MammoClassifierParameterNode
    from mammopair.record import Record


@dataclass(frozen=True)
class PanelState:
    """What is displayed; the default is an empty scene."""

    volumes: Mapping[str, vtkMRMLScalarVolumeNode | None] = field(
        default_factory=lambda: {"CC": None, "MLO": None}
    )
    """The chosen volume of each projection."""
    rois: Mapping[str, vtkMRMLMarkupsROINode | None] = field(
        default_factory=lambda: {"CC": None, "MLO": None}
    )
    """The chosen ROI of each projection."""
    problem: str = ""
    """Why the mass cannot be classified; empty if it can."""
    result: vtkMRMLTableNode | None = None
    """The table of the displayed result."""
    record: Record | None = None
    """The record of the result, at the prevalence that the user entered."""
    isStale: bool = False
    """Whether an input of the result has changed, or others are chosen."""
    overlay: Overlay = field(default_factory=Overlay)
    """The user's choices for the overlay."""
    isRunning: bool = False
    """Whether a job is running."""


def readState(
    parameters: MammoClassifierParameterNode, logic: MammoClassifierLogic, *, isRunning: bool
) -> PanelState:
    """Return the state that the scene and its parameter node describe; nothing is changed.

    Parameters
    ----------
    parameters
        The user's choices.
    logic
        Adjusts the record for the prevalence that the user entered.
    isRunning
        Whether a job is running.
    """
    result = parameters.result
    record = readRecord(result) if result else None
    if record is not None and record.prevalence is not None and parameters.prevalence:
        record = logic.adjustPrevalence(record, parameters.prevalence / 100)
    return PanelState(
        volumes=parameters.volumes(),
        rois=parameters.rois(),
        problem=parameters.problem(),
        result=result,
        record=record,
        isStale=bool(result)
        and isStale(result, parameters.usableInputs(), parameters.fingerprint()),
        overlay=parameters.overlay(),
        isRunning=isRunning,
    )

"""The evidence map of a view as a Parametric Map, with its own values on its own grid.

The map is placed in the plane of its image, see
:func:`mammopair.results.dicom.source.describe_source`, so that a viewer that uses positions
overlays its large cells on the image without resampling.
"""

from __future__ import annotations

from inspect import signature
from typing import TYPE_CHECKING, Any

import numpy as np

from mammopair.crop import to_pixel_index
from mammopair.record import Evidence, Record
from mammopair.results.colours import EVIDENCE_LIMIT
from mammopair.results.dicom import codes
from mammopair.results.dicom.equipment import identify_equipment, series_description
from mammopair.results.dicom.source import Source, describe_source
from mammopair.results.dicom.uids import result_uid

if TYPE_CHECKING:
    from highdicom.pm import ParametricMap
    from pydicom.dataset import Dataset


def make_parametric_map(record: Record, source: Source, number: int) -> ParametricMap:
    """Return the signed evidence map of one view, in calibrated logits, as 32-bit floats.

    Parameters
    ----------
    record
        The lesion's record.
    source
        The view and its image.
    number
        Instance number.
    """
    from highdicom import PlaneOrientationSequence
    from highdicom.pm import ParametricMap, RealWorldValueMapping

    evidence = source.result.evidence
    cells = np.asarray(evidence.cells, dtype=np.float32)
    image = describe_source(source)
    made = ParametricMap(
        source_images=[image],
        pixel_array=cells,
        series_instance_uid=result_uid(record, "map series", source.study),
        series_number=9103,
        series_description=series_description(record, "evidence map"),
        sop_instance_uid=result_uid(record, "map", source.result.sop_uid),
        instance_number=number,
        contains_recognizable_visual_features=False,
        real_world_value_mappings=[
            RealWorldValueMapping(
                lut_label="EVIDENCE",
                lut_explanation="Evidence in calibrated logits, positive for malignancy",
                unit=codes.NO_UNITS,
                value_range=(float(cells.min()), float(cells.max())),
                slope=1.0,
                intercept=0.0,
                quantity_definition=codes.CLASS_ACTIVATION,
            )
        ],
        content_label="EVIDENCE_MAP",
        content_description="Evidence for and against malignancy, in logits",
        content_creator_name="",
        plane_orientation=PlaneOrientationSequence("PATIENT", image.ImageOrientationPatient),
        **_placement(evidence, source.spacing),
        **_window(ParametricMap),
        **identify_equipment(record),
    )
    made.ImageComments = (
        "Class activation map in calibrated logits, mean over the networks of the ensemble. The "
        f"mean of all cells plus the bias {evidence.bias:.6f} is the mean calibrated logit of the "
        "view."
    )
    made.SharedFunctionalGroupsSequence[0].FrameAnatomySequence = [_breast(record.laterality)]
    return made


def _breast(laterality: str) -> Dataset:
    """Return the breast as Frame Anatomy (PS3.3 C.7.6.16.2.8), which dcmqi requires."""
    from highdicom.sr import CodedConcept
    from pydicom.dataset import Dataset

    anatomy = Dataset()
    anatomy.FrameLaterality = laterality
    anatomy.AnatomicRegionSequence = [CodedConcept.from_code(codes.BREAST)]
    return anatomy


def _placement(evidence: Evidence, spacing: tuple[float, float]) -> dict[str, Any]:
    """Return highdicom's arguments for spacing and position of the map in the image plane.

    The origin of the image plane is the centre of the first pixel.
    """
    from highdicom import PixelMeasuresSequence, PlanePositionSequence

    cells = len(evidence.cells)
    across, down = evidence.square.cell_size(cells)
    x, y = evidence.square.to_view(0.0, 0.0, cells)
    position = (to_pixel_index(x) * spacing[1], to_pixel_index(y) * spacing[0], 0.0)
    return {
        "pixel_measures": PixelMeasuresSequence(
            pixel_spacing=(down * spacing[0], across * spacing[1]), slice_thickness=1.0
        ),
        "plane_positions": [PlanePositionSequence("PATIENT", position)],
    }


def _window(made: type) -> dict[str, Any]:
    """Return highdicom's arguments for the window, ``-EVIDENCE_LIMIT`` to ``EVIDENCE_LIMIT``."""
    centre, width = 0.0, 2 * EVIDENCE_LIMIT
    if "voi_lut_transformations" not in signature(made).parameters:
        # highdicom 0.27, which 3D Slicer 5.12 bundles
        return {"window_center": centre, "window_width": width}
    from highdicom import VOILUTTransformation

    window = VOILUTTransformation(window_center=centre, window_width=width)
    return {"voi_lut_transformations": [window]}

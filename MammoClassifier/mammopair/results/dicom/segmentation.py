"""The evidence of a view as a Segmentation: one segment a level, pixel for pixel on the image.

Viewers lay a segmentation over a projection image only if it has the image's rows and columns, so
the cells of the map are drawn at that size, unsmoothed. A frame takes a bit a pixel, and levels
that do not occur take none: the segmentation is a few megabytes, a fraction of its image. The
segments are always the same eight, so that a segment's number means the same in every object.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from mammopair.crop import from_pixel_index
from mammopair.record import Evidence, Record
from mammopair.results.dicom import codes
from mammopair.results.dicom.equipment import algorithm, equipment, series_description
from mammopair.results.dicom.source import Source, reference
from mammopair.results.dicom.uids import result_uid
from mammopair.results.evidence_levels import LEVEL_NAMES, LEVELS, level_colours, levels_of

if TYPE_CHECKING:
    from highdicom.seg import Segmentation, SegmentDescription

GREY = 115
"""What the hue of a side is mixed with, the less the stronger the level."""


def make_segmentation(record: Record, source: Source, number: int) -> Segmentation | None:
    """The evidence levels of one view, or None where all evidence is too faint for a level.

    Parameters
    ----------
    record
        The lesion's.
    source
        The view's image.
    number
        Instance number.
    """
    from highdicom.seg import Segmentation, SegmentationTypeValues

    labels = levels_on_image(source.result.evidence, source.shape)
    if not labels.any():
        return None
    return Segmentation(
        source_images=[reference(source)],
        pixel_array=labels,
        segmentation_type=SegmentationTypeValues.BINARY,
        segment_descriptions=describe_segments(record),
        series_instance_uid=result_uid(record, "segmentation series", source.study),
        series_number=9102,
        series_description=series_description(record, "evidence levels"),
        sop_instance_uid=result_uid(record, "segmentation", source.result.sop_uid),
        instance_number=number,
        content_label="EVIDENCE_LEVELS",
        content_description="Evidence for and against malignancy, in levels",
        content_creator_name="",
        **equipment(record),
    )


def describe_segments(record: Record) -> list[SegmentDescription]:
    """The eight levels, strongest against first; segment numbers are the labels of the levels."""
    from highdicom.color import CIELabColor
    from highdicom.seg import SegmentAlgorithmTypeValues, SegmentDescription

    hues = level_colours()[1:, :3].astype(np.float64)
    share = np.abs(np.array([*range(-LEVELS, 0), *range(1, LEVELS + 1)]))[:, None] / LEVELS
    shades = np.rint(share * hues + (1 - share) * GREY).astype(int)
    identification = algorithm(record)
    return [
        SegmentDescription(
            segment_number=label,
            segment_label=name,
            segmented_property_category=codes.VISUAL_EXPLANATION,
            segmented_property_type=codes.CLASS_ACTIVATION,
            algorithm_type=SegmentAlgorithmTypeValues.AUTOMATIC,
            algorithm_identification=identification,
            display_color=CIELabColor.from_rgb(*map(int, shade)),
        )
        for label, (name, shade) in enumerate(zip(LEVEL_NAMES, shades, strict=True), start=1)
    ]


def levels_on_image(evidence: Evidence, shape: tuple[int, int]) -> npt.NDArray[np.uint8]:
    """The level's label at the centre of each pixel of an image ``shape``; 0 outside the map."""
    levels = levels_of(evidence.cells)
    rows, columns = (from_pixel_index(np.arange(extent, dtype=np.float64)) for extent in shape)
    across, down = evidence.square.cells_at(columns, rows, len(levels))
    return np.pad(levels, 1)[np.ix_(down + 1, across + 1)]

"""The evidence of a view as a Segmentation: one segment per level, in the pixels of the image.

Viewers overlay a segmentation on a projection image only if it has the rows and columns of the
image, so the cells of the map are drawn at that size, without interpolation. A frame has one bit
per pixel, and levels that do not occur have no frame, so that the file is a few megabytes. There
are always the same eight segments, so that a segment number has one meaning in all objects.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from mammopair.crop import from_pixel_index
from mammopair.record import Evidence, Record
from mammopair.results.colours import opaque_colours
from mammopair.results.dicom import codes
from mammopair.results.dicom.equipment import (
    identify_algorithm,
    identify_equipment,
    series_description,
)
from mammopair.results.dicom.source import Source, describe_source
from mammopair.results.dicom.uids import result_uid
from mammopair.results.evidence_levels import (
    LEVEL_NAMES,
    LEVELS,
    label_strengths,
    level_evidence,
    levels_of,
)

if TYPE_CHECKING:
    from highdicom.seg import Segmentation, SegmentDescription


def make_segmentation(record: Record, source: Source, number: int) -> Segmentation | None:
    """Return the evidence levels of one view, or None if all evidence is negligible.

    Parameters
    ----------
    record
        The lesion's record.
    source
        The view and its image.
    number
        Instance number.
    """
    from highdicom.seg import Segmentation, SegmentationTypeValues

    labels = levels_on_image(source.result.evidence, source.shape)
    if not labels.any():
        return None
    return Segmentation(
        source_images=[describe_source(source)],
        pixel_array=labels,
        segmentation_type=SegmentationTypeValues.BINARY,
        segment_descriptions=_describe_segments(record),
        series_instance_uid=result_uid(record, "segmentation series", source.study),
        series_number=9102,
        series_description=series_description(record, "evidence levels"),
        sop_instance_uid=result_uid(record, "segmentation", source.result.sop_uid),
        instance_number=number,
        content_label="EVIDENCE_LEVELS",
        content_description="Evidence for and against malignancy, in levels",
        content_creator_name="",
        **identify_equipment(record),
    )


def levels_on_image(evidence: Evidence, shape: tuple[int, int]) -> npt.NDArray[np.uint8]:
    """Return the label of the level at the centre of each pixel of an image; 0 outside the map.

    Parameters
    ----------
    evidence
        The map, with its square in stored pixels of the image.
    shape
        Rows and columns of the image.
    """
    levels = levels_of(evidence.cells)
    rows, columns = (from_pixel_index(np.arange(extent, dtype=np.float64)) for extent in shape)
    across, down = evidence.square.cells_at(columns, rows, len(levels))
    return np.pad(levels, 1)[np.ix_(down + 1, across + 1)]


def _describe_segments(record: Record) -> list[SegmentDescription]:
    """Return the eight levels; segment numbers are the labels of the levels.

    Colours are opaque, because viewers apply one opacity to all segments.
    """
    from highdicom.color import CIELabColor
    from highdicom.seg import SegmentAlgorithmTypeValues, SegmentDescription

    shades = 255 * opaque_colours(level_evidence(), label_strengths() / LEVELS)
    algorithm = identify_algorithm(record)
    return [
        SegmentDescription(
            segment_number=label,
            segment_label=name,
            segmented_property_category=codes.VISUAL_EXPLANATION,
            segmented_property_type=codes.CLASS_ACTIVATION,
            algorithm_type=SegmentAlgorithmTypeValues.AUTOMATIC,
            algorithm_identification=algorithm,
            display_color=CIELabColor.from_rgb(*map(round, shades[label])),
        )
        for label, name in enumerate(LEVEL_NAMES, start=1)
    ]

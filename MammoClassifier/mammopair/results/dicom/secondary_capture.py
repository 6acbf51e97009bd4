"""The picture of a result as a Secondary Capture, for viewers that show images only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from mammopair import RESEARCH_USE_ONLY
from mammopair.io.dicom_attributes import get_text
from mammopair.record import Record
from mammopair.results.dicom.ascii_text import to_ascii
from mammopair.results.dicom.equipment import identify_equipment, series_description
from mammopair.results.dicom.result_picture import draw_result
from mammopair.results.dicom.source import LOSSY, Source, copy_lossy_compression
from mammopair.results.dicom.uids import result_uid
from mammopair.results.rendered_view import RenderedView

if TYPE_CHECKING:
    from highdicom.sc import SCImage


def make_secondary_capture(
    record: Record, sources: Sequence[Source], views: Mapping[str, RenderedView]
) -> SCImage:
    """Return the picture of one lesion, in the study of the first image.

    Parameters
    ----------
    record
        The lesion's record.
    sources
        Its views and their images.
    views
        By projection, the rendered views.
    """
    from highdicom.sc import SCImage
    from pydicom.dataset import Dataset

    made = SCImage(
        pixel_array=draw_result(record, [source.result for source in sources], views),
        photometric_interpretation="RGB",
        bits_allocated=8,
        coordinate_system="PATIENT",
        patient_orientation=("L", "F"),  # required by highdicom; removed below
        study_instance_uid=sources[0].study,
        series_instance_uid=result_uid(record, "picture series", sources[0].study),
        series_number=9104,
        series_description=series_description(record, "result picture"),
        sop_instance_uid=result_uid(record, "picture"),
        instance_number=1,
        **identify_equipment(record),
    )
    made["PatientOrientation"].value = ""
    made.ImageType = ["DERIVED", "SECONDARY"]
    made.ConversionType = "SYN"
    made.ImageComments = to_ascii(f"{RESEARCH_USE_ONLY} Lesion {record.lesion_id}.")
    # The picture includes the films, and so any text that is burned into them.
    burned_in = any(_get_flag(source, "BurnedInAnnotation") == "YES" for source in sources)
    made.BurnedInAnnotation = "YES" if burned_in else "NO"
    made.SourceImageSequence = []
    for source in sources:
        if _get_flag(source, LOSSY[0]) == "01":
            copy_lossy_compression(source, made)
        item = Dataset()
        item.ReferencedSOPClassUID = get_text(source.header, "SOPClassUID")
        item.ReferencedSOPInstanceUID = get_text(source.header, "SOPInstanceUID")
        made.SourceImageSequence.append(item)
    return made


def _get_flag(source: Source, keyword: str) -> str:
    return get_text(source.header, keyword).upper()

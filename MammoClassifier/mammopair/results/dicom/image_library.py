"""The image library of a report (TID 1600): the images of a lesion with their descriptions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mammopair.record import Record
from mammopair.results.dicom import codes
from mammopair.results.dicom.source import Source

if TYPE_CHECKING:
    from highdicom.sr import ContainerContentItem, ImageContentItem


def make_image_library(record: Record, sources: Sequence[Source]) -> ContainerContentItem:
    """Return a library with all views of a lesion as one group.

    It is made item by item, because highdicom's library rejects mammograms without spacing and
    orientation and does not describe the projection.
    """
    from highdicom.sr import ContainerContentItem, ContentSequence, RelationshipTypeValues
    from pydicom.sr.codedict import codes as dictionary

    group = ContainerContentItem(
        name=dictionary.DCM.ImageLibraryGroup, relationship_type=RelationshipTypeValues.CONTAINS
    )
    group.ContentSequence = ContentSequence([_make_entry(record, source) for source in sources])
    library = ContainerContentItem(
        name=dictionary.DCM.ImageLibrary, relationship_type=RelationshipTypeValues.CONTAINS
    )
    library.ContentSequence = ContentSequence([group])
    return library


def _make_entry(record: Record, source: Source) -> ImageContentItem:
    """Return one view with modality, laterality, projection and size (TID 1602 and 1603)."""
    from highdicom.sr import (
        CodeContentItem,
        CodedConcept,
        ContentSequence,
        ImageContentItem,
        NumContentItem,
        RelationshipTypeValues,
    )
    from pydicom.sr.codedict import codes as dictionary

    context = RelationshipTypeValues.HAS_ACQ_CONTEXT
    coded = (
        (dictionary.DCM.Modality, codes.MAMMOGRAPHY_MODALITY),
        (codes.IMAGE_LATERALITY, codes.SIDES[record.laterality]),
        (codes.IMAGE_VIEW, codes.PROJECTIONS[source.result.projection]),
    )
    rows, columns = source.shape
    pixels = CodedConcept("{pixels}", "UCUM", "Pixels")
    image = ImageContentItem(
        name=CodedConcept("260753009", "SCT", "Source"),
        referenced_sop_class_uid=str(source.header.SOPClassUID),
        referenced_sop_instance_uid=str(source.header.SOPInstanceUID),
        relationship_type=RelationshipTypeValues.CONTAINS,
    )
    image.ContentSequence = ContentSequence(
        [
            *(CodeContentItem(name, value, relationship_type=context) for name, value in coded),
            NumContentItem(dictionary.DCM.PixelDataRows, rows, pixels, relationship_type=context),
            NumContentItem(
                dictionary.DCM.PixelDataColumns, columns, pixels, relationship_type=context
            ),
        ]
    )
    return image

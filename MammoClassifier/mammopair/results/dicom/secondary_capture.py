"""A lesion's result as one picture, for viewers that show nothing but pictures.

Each view as it hangs, with the marked box; beneath it the lesion's square with the evidence over
it. Nothing that names the patient is written into the picture.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from mammopair import RESEARCH_USE_ONLY
from mammopair.io.dicom_attributes import get_text, get_value
from mammopair.record import Record, ViewResult
from mammopair.results.colours import EVIDENCE_LIMIT
from mammopair.results.dicom.equipment import equipment, series_description
from mammopair.results.dicom.identity import plain
from mammopair.results.dicom.source import LOSSY, Source
from mammopair.results.dicom.uids import result_uid
from mammopair.results.pictures import evidence_layer, lay_over, legend_picture
from mammopair.results.rendered_view import SQUARE_SIDE, RenderedView, film_with_box
from mammopair.results.text import breast_name, interval_range, percent
from mammopair.view import Box

if TYPE_CHECKING:
    from highdicom.sc import SCImage

FILM_HEIGHT = 480
"""Rows of the picture of a whole view."""
MARGIN = 20
LARGE, SMALL = 22, 16
"""Heights of letters, in pixels."""
WHITE, GREY = (255, 255, 255), (170, 170, 170)

Colour = npt.NDArray[np.uint8]


def make_secondary_capture(
    record: Record, sources: Sequence[Source], views: Mapping[str, RenderedView]
) -> SCImage:
    """Make the picture of one lesion, filed under the first of its images.

    ``views`` holds the rendered views by projection.
    """
    from highdicom.sc import SCImage
    from pydicom.dataset import Dataset

    header = sources[0].header
    made = SCImage(
        pixel_array=make_picture(record, [source.result for source in sources], views),
        photometric_interpretation="RGB",
        bits_allocated=8,
        coordinate_system="PATIENT",
        patient_orientation=("L", "F"),  # highdicom wants one; taken out again below
        study_instance_uid=get_text(header, "StudyInstanceUID"),
        series_instance_uid=result_uid(record, "picture series", sources[0].study),
        series_number=9104,
        series_description=series_description(record, "result picture"),
        sop_instance_uid=result_uid(record, "picture"),
        instance_number=1,
        **equipment(record),
    )
    made["PatientOrientation"].value = ""
    made.ImageType = ["DERIVED", "SECONDARY"]
    made.ConversionType = "SYN"
    made.ImageComments = plain(f"{RESEARCH_USE_ONLY} Lesion {record.lesion_id}.")
    # The film is in the picture, and whatever is burned into the film.
    burned = any(get_text(s.header, "BurnedInAnnotation").upper() == "YES" for s in sources)
    made.BurnedInAnnotation = "YES" if burned else "NO"
    made.SourceImageSequence = []
    for source in sources:
        if get_text(source.header, LOSSY[0]) == "01":
            for keyword in LOSSY:
                if get_value(source.header, keyword) is not None:
                    setattr(made, keyword, get_value(source.header, keyword))
        item = Dataset()
        item.ReferencedSOPClassUID = get_text(source.header, "SOPClassUID")
        item.ReferencedSOPInstanceUID = get_text(source.header, "SOPInstanceUID")
        made.SourceImageSequence.append(item)
    return made


def make_picture(
    record: Record, results: Sequence[ViewResult], views: Mapping[str, RenderedView]
) -> Colour:
    """``(rows, columns, 3)``: the text above and below, the views side by side."""
    columns = [view_column(record, result, views[result.projection]) for result in results]
    height = max(len(column) for column in columns)
    pictures = np.hstack([_fill(column, height) for column in columns])
    head = [
        (f"Probability of malignancy {percent(record.probability)}", LARGE, WHITE),
        (
            f"{100 * record.interval.level:g} % interval {interval_range(record.interval)}, "
            f"{breast_name(record.laterality)} breast",
            SMALL,
            WHITE,
        ),
    ]
    foot = [
        (RESEARCH_USE_ONLY, LARGE, WHITE),
        (plain(f"{record.model.name} {record.model.version}, {record.software}"), SMALL, GREY),
    ]
    width = max(pictures.shape[1], _width([*head, *foot]))
    bands = [write_lines(head, width), _widen(pictures, width), legend(width)]
    return np.vstack([*bands, write_lines(foot, width)])


def view_column(record: Record, result: ViewResult, view: RenderedView) -> Colour:
    """One view: its name and probability, the film, the lesion's square with its evidence."""
    film = view.hanging.apply(film_with_box(view, Box(*result.box), FILM_HEIGHT))
    layer = evidence_layer(result.evidence, result.evidence.square, SQUARE_SIDE)
    lesion = view.hanging.apply(lay_over(view.lesion, layer))
    name = f"{record.laterality} {result.projection} {percent(result.probability)}"
    caption = [(name, LARGE, WHITE), (f"Evidence {result.evidence.direction}", SMALL, GREY)]
    width = max(film.shape[1], SQUARE_SIDE, _width(caption)) + 2 * MARGIN
    gap = np.zeros((MARGIN, width, 3), np.uint8)
    bands = [write_lines(caption, width), _widen(film, width), gap, _widen(lesion, width), gap]
    return np.vstack(bands)


def legend(width: int) -> Colour:
    """The colour scale with its ends named."""
    words = [
        (
            f"against malignancy (-{EVIDENCE_LIMIT:g} logits) to "
            f"for malignancy (+{EVIDENCE_LIMIT:g} logits)",
            SMALL,
            GREY,
        )
    ]
    return np.vstack([_widen(legend_picture(), width), write_lines(words, width)])


def write_lines(lines: Sequence[tuple[str, int, tuple[int, int, int]]], width: int) -> Colour:
    """Lines of text, height and colour each, on black, centred."""
    from PIL import Image, ImageDraw

    height = sum(round(1.5 * size) for _, size, _ in lines) + MARGIN
    image = Image.new("RGB", (width, height))
    draw = ImageDraw.Draw(image)
    top = MARGIN // 2
    for words, size, shade in lines:
        draw.text((width // 2, top), words, fill=shade, font=_font(size), anchor="ma")
        top += round(1.5 * size)
    return np.asarray(image)


def _font(size: int):  # type: ignore[no-untyped-def]  # noqa: ANN202  Pillow's would load Pillow
    from PIL import ImageFont

    return ImageFont.load_default(size)


def _width(lines: Sequence[tuple[str, int, tuple[int, int, int]]]) -> int:
    return round(max(_font(size).getlength(words) for words, size, _ in lines)) + 2 * MARGIN


def _widen(picture: Colour, width: int) -> Colour:
    """Black at both sides."""
    spare = width - picture.shape[1]
    return np.pad(picture, ((0, 0), (spare // 2, spare - spare // 2), (0, 0)))


def _fill(picture: Colour, height: int) -> Colour:
    """Black beneath."""
    return np.pad(picture, ((0, height - len(picture)), (0, 0), (0, 0)))

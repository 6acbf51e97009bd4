"""The picture as a Secondary Capture."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from mammopair.record import Interval, PriorShift
from mammopair.results.dicom import result_picture
from mammopair.results.dicom.result_picture import draw_result
from Testing.engine.results_dicom.lesions import CELLS, make_record, objects_of, render, write_pair


def picture_of(record):
    return draw_result(record, record.views, render(record))


def test_the_stored_pixels_are_those_of_the_picture(read_back, record):
    stored = read_back["picture.dcm"]
    assert np.array_equal(stored.pixel_array, picture_of(record))
    assert stored.PhotometricInterpretation == "RGB"


def test_it_shows_the_evidence(files):
    shown, faint = (picture_of(make_record(files, cells=c)) for c in (CELLS, 0 * CELLS))
    changed = (shown != faint).any(axis=-1)
    assert changed.sum() > 10_000


def test_two_views_are_side_by_side(files):
    both = picture_of(make_record(files))
    one = picture_of(make_record({"CC": files["CC"]}))
    assert both.shape[1] > 1.5 * one.shape[1]


def test_the_probability_is_above_the_views_and_the_notice_below(record, monkeypatch):
    shown = picture_of(record)
    other = picture_of(msgspec.structs.replace(record, probability=0.123))
    rows = np.flatnonzero((shown != other).any(axis=(1, 2)))
    assert rows.size
    assert rows.max() < 60
    monkeypatch.setattr(result_picture, "RESEARCH_USE_ONLY", "")
    rows = np.flatnonzero((shown != picture_of(record)).any(axis=(1, 2)))
    assert rows.size
    assert rows.min() > shown.shape[0] - 100


def test_the_assumed_and_the_requested_prevalence_are_shown(record):
    adjusted = PriorShift(
        prevalence=0.1, probability=0.06, interval=Interval(low=0.02, high=0.15, level=0.9)
    )
    plain = picture_of(record)
    assumed = picture_of(msgspec.structs.replace(record, prevalence=0.489))
    both = picture_of(msgspec.structs.replace(record, prevalence=0.489, prior_shift=adjusted))
    assert plain.shape[0] < assumed.shape[0] < both.shape[0]


@pytest.mark.parametrize(("image", "picture"), [("YES", "YES"), ("NO", "NO"), (None, "NO")])
def test_burned_in_text_of_the_image_is_declared(tmp_path, image, picture):
    files = write_pair(tmp_path, ["CC"], BurnedInAnnotation=image)
    made = objects_of(make_record(files))["picture.dcm"].dataset
    assert made.BurnedInAnnotation == picture


def test_it_refers_to_its_images_and_states_research_use_only(read_back, sources):
    stored = read_back["picture.dcm"]
    referred = [item.ReferencedSOPInstanceUID for item in stored.SourceImageSequence]
    assert referred == [sources[name].SOPInstanceUID for name in ("CC", "MLO")]
    assert "Research use only" in stored.SeriesDescription
    assert "Research use only" in stored.ImageComments

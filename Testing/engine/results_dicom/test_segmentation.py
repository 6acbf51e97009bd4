"""The evidence levels as a Segmentation, as highdicom reads it."""

from __future__ import annotations

import highdicom as hd
import msgspec
import numpy as np
import pytest
from highdicom.color import CIELabColor

from mammopair.crop import CropSquare
from mammopair.results.dicom.segmentation import levels_on_image
from mammopair.results.evidence_levels import LEVEL_NAMES, level_colours, levels_of
from Testing.engine.results_dicom.lesions import CELLS, LABELS, make_record, objects_of, write_pair


@pytest.fixture(scope="module")
def segmentation(written):
    return hd.seg.segread(written["CC-evidence-levels.dcm"])


def test_levels_include_their_lower_bounds():
    assert np.array_equal(levels_of(CELLS), LABELS)


def test_colours_distinguish_the_signs_and_grow_with_the_level():
    colours = level_colours().astype(int)
    assert colours[0, 3] == 0
    assert (np.diff(colours[1:5, 3]) < 0).all()
    assert (np.diff(colours[5:, 3]) > 0).all()
    assert (colours[1:5, 2] > colours[1:5, 0]).all()
    assert (colours[5:, 0] > colours[5:, 2]).all()


def test_every_pixel_has_the_level_of_the_cell_under_its_centre(segmentation, record, sources):
    evidence = record.views[0].evidence
    pixels = segmentation.get_pixels_by_source_instance(
        [sources["CC"].SOPInstanceUID], combine_segments=True, skip_overlap_checks=True
    )[0]
    assert pixels.shape == (sources["CC"].Rows, sources["CC"].Columns)
    for row in range(0, pixels.shape[0], 3):
        for column in range(0, pixels.shape[1], 2):
            down = (row + 0.5 - evidence.square.top) / evidence.square.height * 4
            across = (column + 0.5 - evidence.square.left) / evidence.square.width * 4
            inside = 0 <= down < 4 and 0 <= across < 4
            expected = LABELS[int(down), int(across)] if inside else 0
            assert pixels[row, column] == expected


def test_a_map_beyond_the_image_is_clipped(record):
    evidence = msgspec.structs.replace(
        record.views[0].evidence, square=CropSquare(-10.0, -10.0, 40.0, 40.0)
    )
    labels = levels_on_image(evidence, (50, 50))
    assert labels[0, 0] == LABELS[1, 1]
    assert labels[29, 29] == LABELS[3, 3]
    assert not labels[30:].any()
    assert not labels[:, 30:].any()


def test_segments_are_named_and_coded_as_class_activation(segmentation):
    described = segmentation.SegmentSequence
    assert [item.SegmentLabel for item in described] == list(LEVEL_NAMES)
    assert [item.SegmentNumber for item in described] == list(range(1, 9))
    for item in described:
        assert item.SegmentedPropertyCategoryCodeSequence[0].CodeValue == "130401"
        assert item.SegmentedPropertyTypeCodeSequence[0].CodeValue == "130402"
        assert item.SegmentAlgorithmType == "AUTOMATIC"
        algorithm = item.SegmentationAlgorithmIdentificationSequence[0]
        assert (algorithm.AlgorithmName, algorithm.AlgorithmVersion) == ("light-googlenet", "3")
        assert "c0ffee" in algorithm.AlgorithmParameters


def test_only_levels_that_occur_have_a_frame(tmp_path):
    record = make_record(write_pair(tmp_path, ["CC"]), cells=[[1.5, 1.5], [-0.75, 0.1]])
    made = objects_of(record)["CC-evidence-levels.dcm"].dataset
    assert made.NumberOfFrames == 2
    assert len(made.SegmentSequence) == 8


def test_negligible_evidence_has_no_segmentation(tmp_path):
    made = objects_of(make_record(write_pair(tmp_path), cells=np.full((4, 4), 0.4)))
    assert sorted(made) == [
        "CC-evidence-map.dcm",
        "MLO-evidence-map.dcm",
        "picture.dcm",
        "report.dcm",
    ]


def test_it_refers_to_its_image_pixel_by_pixel(segmentation, sources):
    frame = segmentation.PerFrameFunctionalGroupsSequence[0]
    source = frame.DerivationImageSequence[0].SourceImageSequence[0]
    assert source.ReferencedSOPInstanceUID == sources["CC"].SOPInstanceUID
    assert source.SpatialLocationsPreserved == "YES"
    assert segmentation.SegmentationType == "BINARY"


def test_recommended_colours_distinguish_the_signs_and_grow_with_the_level(segmentation):
    shades = np.array(
        [
            CIELabColor.from_dicom_value(item.RecommendedDisplayCIELabValue).to_rgb(clip=True)
            for item in segmentation.SegmentSequence
        ]
    )
    orange = shades[:, 0].astype(int) - shades[:, 2]
    assert (orange[:4] < -40).all()
    assert (orange[4:] > 40).all()
    assert (np.diff(orange) > 0).all()

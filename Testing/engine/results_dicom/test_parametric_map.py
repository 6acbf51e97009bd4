"""The evidence map as a Parametric Map, as highdicom and pydicom read it."""

from __future__ import annotations

from dataclasses import replace

import highdicom as hd
import msgspec
import numpy as np
import pytest

from mammopair.results.colours import EVIDENCE_LIMIT
from Testing.engine.results_dicom.lesions import CELLS, make_record, objects_of, write_pair


@pytest.fixture(scope="module")
def stored(read_back):
    return read_back["MLO-evidence-map.dcm"]


@pytest.fixture(scope="module")
def shared(stored):
    return stored.SharedFunctionalGroupsSequence[0]


def test_the_values_are_those_of_the_record_on_their_own_grid(stored):
    assert (stored.Rows, stored.Columns) == (4, 4)
    assert np.array_equal(stored.pixel_array, CELLS.astype(np.float32))


def test_real_world_values_are_logits_of_class_activation(stored, shared):
    (mapping,) = shared.RealWorldValueMappingSequence
    assert mapping.MeasurementUnitsCodeSequence[0].CodeValue == "1"
    assert mapping.QuantityDefinitionSequence[0].ConceptCodeSequence[0].CodeValue == "130402"
    assert (mapping.RealWorldValueSlope, mapping.RealWorldValueIntercept) == (1, 0)
    values = stored.pixel_array
    assert mapping.DoubleFloatRealWorldValueFirstValueMapped <= values.min()
    assert mapping.DoubleFloatRealWorldValueLastValueMapped >= values.max()


def test_each_cell_is_at_its_position_on_the_view(stored, shared, record):
    evidence = record.views[1].evidence
    affine = hd.spatial.PixelToReferenceTransformer(
        image_position=stored.PerFrameFunctionalGroupsSequence[0]
        .PlanePositionSequence[0]
        .ImagePositionPatient,
        image_orientation=shared.PlaneOrientationSequence[0].ImageOrientationPatient,
        pixel_spacing=shared.PixelMeasuresSequence[0].PixelSpacing,
    )
    cells = np.array([[0, 0], [3, 0], [0, 3], [2, 1]])  # column, row
    x, y, z = affine(cells).T
    # The origin is the centre of the first pixel; rows are 0.1 mm apart, columns 0.2 mm.
    assert x / 0.2 + 0.5 == pytest.approx(
        evidence.square.left + (cells[:, 0] + 0.5) * evidence.square.width / 4
    )
    assert y / 0.1 + 0.5 == pytest.approx(
        evidence.square.top + (cells[:, 1] + 0.5) * evidence.square.height / 4
    )
    assert (z == 0).all()


def test_only_the_map_and_levels_of_one_image_share_a_plane(read_back):
    planes = {name: read_back[name].FrameOfReferenceUID for name in read_back if "evid" in name}
    assert planes["CC-evidence-map.dcm"] == planes["CC-evidence-levels.dcm"]
    assert planes["CC-evidence-map.dcm"] != planes["MLO-evidence-map.dcm"]


def test_an_unknown_spacing_is_one_millimetre(tmp_path):
    record = make_record(write_pair(tmp_path, ["CC"], ImagerPixelSpacing=None))
    (view,) = record.views
    oblong = msgspec.structs.replace(
        view.evidence, square=replace(view.evidence.square, width=20.0, height=40.0)
    )
    view = msgspec.structs.replace(view, evidence=oblong)
    record = msgspec.structs.replace(record, views=[view])
    made = objects_of(record)["CC-evidence-map.dcm"].dataset
    measures = made.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0]
    assert measures.PixelSpacing == [10, 5]  # between rows, then between columns


def test_the_window_is_the_fixed_scale_of_all_evidence(shared):
    (window,) = shared.FrameVOILUTSequence
    assert (window.WindowCenter, window.WindowWidth) == (0, 2 * EVIDENCE_LIMIT)


def test_the_comment_states_the_bias(stored):
    assert "plus the bias -0.125000 is the mean calibrated logit" in stored.ImageComments


def test_it_is_marked_as_research_and_derived(stored, sources):
    assert stored.ContentQualification == "RESEARCH"
    assert "Research use only" in stored.SeriesDescription
    assert stored.ImageType[0] == "DERIVED"
    referred = stored.SourceImageSequence[0].ReferencedSOPInstanceUID
    assert referred == sources["MLO"].SOPInstanceUID


def test_a_constant_map_is_valid(tmp_path):
    record = make_record(write_pair(tmp_path, ["CC"]), cells=np.zeros((2, 2)))
    assert not objects_of(record)["CC-evidence-map.dcm"].dataset.pixel_array.any()


def test_lossy_compression_of_the_image_is_stated_in_its_results(tmp_path):
    lossy = {
        "LossyImageCompression": "01",
        "LossyImageCompressionRatio": 8,
        "LossyImageCompressionMethod": "ISO_15444_1",
    }
    made = objects_of(make_record(write_pair(tmp_path, ["CC"], **lossy)))
    for name in ("CC-evidence-map.dcm", "CC-evidence-levels.dcm", "picture.dcm"):
        assert made[name].dataset.LossyImageCompression == "01"
        assert made[name].dataset.LossyImageCompressionMethod == "ISO_15444_1"

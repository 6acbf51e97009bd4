"""The structured report, as highdicom reads it."""

from __future__ import annotations

import highdicom as hd
import msgspec
import numpy as np
import pytest
from highdicom.sr import CodedConcept, Comprehensive3DSR
from pydicom.sr.codedict import codes

from mammopair.errors import InputError
from mammopair.record import Interval, PriorShift
from mammopair.results.dicom.uids import lesion_uid
from Testing.engine.results_dicom.lesions import (
    BOXES,
    MODEL,
    PROBABILITIES,
    WARNINGS,
    make_record,
    objects_of,
    write_pair,
)

PROBABILITY = CodedConcept("111047", "DCM", "Probability of cancer")
PERCENT = CodedConcept("%", "UCUM", "Percent")
PROJECTION = {"CC": "399162004", "MLO": "399368009"}
LEFT, BREAST = "7771000", "76752008"


@pytest.fixture(scope="module")
def report(read_back):
    return Comprehensive3DSR.from_dataset(read_back["report.dcm"])


@pytest.fixture(scope="module")
def lesion(report):
    (group,) = report.content.get_image_measurement_groups()
    return group


@pytest.fixture(scope="module")
def views(report):
    return report.content.get_planar_roi_measurement_groups()


def items_named(group, value):
    return [item for item in group[0].ContentSequence if item.name.value == value]


def test_it_is_a_measurement_report_of_comprehensive_3d_sr(report):
    assert report.SOPClassUID.name == "Comprehensive 3D SR Storage"
    assert report.ContentTemplateSequence[0].TemplateIdentifier == "1500"
    assert (report.Modality, report.CompletionFlag, report.VerificationFlag) == (
        "SR",
        "COMPLETE",
        "UNVERIFIED",
    )


def test_probability_and_interval_are_in_percent(lesion, record):
    found = [(m.derivation.meaning, m.value) for m in lesion.get_measurements(name=PROBABILITY)]
    assert found == [
        ("Mean", pytest.approx(100 * record.probability, abs=1e-5)),
        ("Fifth percentile", 31.25),
        ("Ninety-fifth percentile", 80.0),
    ]
    assert {m.unit.value for m in lesion.get_measurements()} == {PERCENT.value}


MARGINS = [("129742005", pytest.approx(82.34567, abs=1e-5)), ("129741003", 25.0)]
"""Spiculated and indistinct."""


def test_lesion_and_views_have_the_margin_scores_in_percent(lesion, views):
    for group in (lesion, *views):
        found = [m for m in group.get_measurements() if m.name != PROBABILITY]
        assert [(m.name.value, m.value) for m in found] == MARGINS
        assert {m.unit.value for m in found} == {PERCENT.value}
        assert {m.name.scheme_designator for m in found} == {"SCT"}
    comments = [item.value for item in items_named(lesion, "121106")]
    assert any("would assign the descriptor" in comment for comment in comments)


def test_a_record_without_descriptors_has_no_margin_scores(tmp_path):
    record = make_record(write_pair(tmp_path, ["CC"]), concepts=[])
    view = msgspec.structs.replace(record.views[0], concepts=[])
    record = msgspec.structs.replace(record, views=[view])
    report = Comprehensive3DSR.from_dataset(objects_of(record)["report.dcm"].dataset)
    (group,) = report.content.get_image_measurement_groups()
    assert {m.name.value for m in group.get_measurements()} == {PROBABILITY.value}
    assert not any("margin" in item.value for item in items_named(group, "121106"))


@pytest.mark.parametrize("number", [0, 1])
def test_each_view_has_its_probability_projection_and_breast(views, number):
    name = ("CC", "MLO")[number]
    (measured,) = views[number].get_measurements(name=PROBABILITY)
    assert measured.value == pytest.approx(100 * PROBABILITIES[name], abs=1e-5)
    (view,) = views[number].get_qualitative_evaluations(name=codes.DCM.ImageView)
    assert view.value.value == PROJECTION[name]
    (site,) = views[number].finding_sites
    assert (site.value.value, site.laterality.value) == (BREAST, LEFT)


@pytest.mark.parametrize("number", [0, 1])
def test_the_region_is_the_box_on_its_own_image(views, sources, number):
    name = ("CC", "MLO")[number]
    x, y, width, height = BOXES[name]
    region = views[number].roi
    assert region.GraphicType == "POLYLINE"
    corners = region.value
    assert np.array_equal(corners[0], corners[-1])
    assert corners.min(axis=0) == pytest.approx([x, y])
    assert corners.max(axis=0) == pytest.approx([x + width, y + height])
    (image,) = region.ContentSequence
    assert image.referenced_sop_instance_uid == sources[name].SOPInstanceUID


def test_a_box_beyond_the_image_is_clipped(tmp_path):
    record = make_record(write_pair(tmp_path, ["CC"]))
    view = msgspec.structs.replace(record.views[0], box=(-5.0, 100.0, 200.0, 50.0))
    record = msgspec.structs.replace(record, views=[view])
    report = Comprehensive3DSR.from_dataset(objects_of(record)["report.dcm"].dataset)
    (group,) = report.content.get_planar_roi_measurement_groups()
    assert group.roi.value.min(axis=0) == pytest.approx([0, 100])
    assert group.roi.value.max(axis=0) == pytest.approx([90, 120])


def test_every_group_identifies_the_lesion_and_the_algorithm(lesion, views, record):
    for group in (lesion, *views):
        assert group.tracking_uid == lesion_uid(record)
        assert group.tracking_identifier == "case-7 2"
        found = {value: [i.value for i in items_named(group, value)] for value in ALGORITHM}
        assert found == ALGORITHM


ALGORITHM = {
    "111001": [MODEL.name],
    "111003": [MODEL.version],
    "111002": [f"manifest SHA-256: {MODEL.sha256}", "software: mammopair 0.1.0"],
}
"""Name, version and parameters: TID 4019."""


def test_the_direction_of_the_evidence_and_its_objects_are_in_the_view_group(views, read_back):
    for name, group in zip(("CC", "MLO"), views, strict=True):
        directions = [item.value for item in items_named(group, "130402")]
        assert directions == ["Evidence: for malignancy, inside the box"]
        referred = {i.referenced_sop_instance_uid for i in items_named(group, "130401")}
        evidence = [f"{name}-evidence-levels.dcm", f"{name}-evidence-map.dcm"]
        assert referred == {read_back[file].SOPInstanceUID for file in evidence}


def test_all_referenced_objects_are_listed_as_evidence(report, read_back, sources):
    listed = {sop for _, _, sop, _ in report.get_evidence()}
    objects = [read_back[name] for name in read_back if "evidence" in name]
    assert listed == {one.SOPInstanceUID for one in (*objects, *sources.values())}


def test_the_image_library_describes_each_image(report, sources):
    root = report.content[0].ContentSequence
    (library,) = [item for item in root if item.name.value == "111028"]
    (group,) = library.ContentSequence
    described = {
        image.referenced_sop_instance_uid: {
            item.name.meaning: getattr(item.value, "value", item.value)
            for item in image.ContentSequence
        }
        for image in group.ContentSequence
    }
    for name, source in sources.items():
        assert described[source.SOPInstanceUID] == {
            "Modality": "MG",
            "Image Laterality": LEFT,
            "Image View": PROJECTION[name],
            "Pixel Data Rows": source.Rows,
            "Pixel Data Columns": source.Columns,
        }


def test_series_description_and_content_state_research_use_only(report):
    assert "Research use only" in report.SeriesDescription
    comments = [i.value for i in report.content[0].ContentSequence if i.name.value == "121106"]
    assert comments == ["Research use only. Not a medical device."]


def test_the_warnings_of_the_record_are_comments(lesion):
    assert WARNINGS[0].message in [item.value for item in items_named(lesion, "121106")]


def test_the_assumed_and_the_requested_prevalence_are_comments(tmp_path):
    adjusted = PriorShift(
        prevalence=0.1, probability=0.06, interval=Interval(low=0.02, high=0.15, level=0.9)
    )
    record = make_record(write_pair(tmp_path, ["CC"]), prevalence=0.489, prior_shift=adjusted)
    report = Comprehensive3DSR.from_dataset(objects_of(record)["report.dcm"].dataset)
    (group,) = report.content.get_image_measurement_groups()
    comments = [item.value for item in items_named(group, "121106")]
    assert any("assume a prevalence of malignancy of 48.9 %" in one for one in comments)
    assert (
        "Adjusted for a prevalence of malignancy of 10 %, the probability is 6 % "
        "(90 % interval 2 to 15 %)." in comments
    )


def test_a_lesion_with_one_view_has_one_region(tmp_path):
    made = objects_of(make_record(write_pair(tmp_path, ["MLO"])))
    report = Comprehensive3DSR.from_dataset(made["report.dcm"].dataset)
    assert len(report.content.get_planar_roi_measurement_groups()) == 1
    assert len(report.content.get_image_measurement_groups()) == 1


def test_an_interval_without_codes_is_rejected(tmp_path):
    interval = Interval(low=0.1, high=0.9, level=0.95)
    record = make_record(write_pair(tmp_path, ["CC"]), interval=interval)
    with pytest.raises(InputError, match=r"interval.level: is 0.95, but DICOM has codes for"):
        objects_of(record)


def test_the_observer_is_this_software_with_the_ensemble(report):
    (context,) = report.content.get_observer_contexts(observer_type=codes.DCM.Device)
    device = context.observer_identifying_attributes
    assert isinstance(device, hd.sr.DeviceObserverIdentifyingAttributes)
    assert (device.name, device.model_name) == ("mammopair", "light-googlenet 3")
    assert device.serial_number == MODEL.sha256

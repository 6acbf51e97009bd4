"""UIDs are unique, valid, and equal for equal input and model."""

from __future__ import annotations

from io import BytesIO

import msgspec
import pytest
from pydicom.uid import UID

from mammopair.record import ModelReference
from mammopair.results.dicom.uids import lesion_uid, stable_uid
from Testing.engine.results_dicom.lesions import make_record, objects_of


def uids(record):
    return {
        name: (one.dataset.SOPInstanceUID, one.dataset.SeriesInstanceUID)
        for name, one in objects_of(record).items()
    }


def file_bytes(dataset):
    stream = BytesIO()
    dataset.save_as(stream, enforce_file_format=True)
    return stream.getvalue()


def test_two_exports_at_one_time_are_identical(record):
    first, again = objects_of(record), objects_of(record)
    assert first.keys() == again.keys()
    for name in first:
        assert file_bytes(first[name].dataset) == file_bytes(again[name].dataset), name


def test_the_path_of_a_file_does_not_matter(record, files, tmp_path):
    moved = {name: tmp_path / f"{name}-copy.dcm" for name in files}
    for name, path in files.items():
        moved[name].write_bytes(path.read_bytes())
    assert uids(make_record(moved)) == uids(record)


@pytest.mark.parametrize(
    "change",
    [
        {"model": ModelReference(name="light-googlenet", version="3", sha256="beef" * 16)},
        {"software": "mammopair 9.9.9"},
        {"lesion_id": "3"},
    ],
)
def test_another_model_software_or_lesion_has_other_uids(record, change):
    one, other = uids(record), uids(msgspec.structs.replace(record, **change))
    assert not {u for pair in one.values() for u in pair} & {u for p in other.values() for u in p}


def test_no_two_objects_share_a_uid_and_all_are_valid(record, sources):
    made = objects_of(record)
    found = [one.dataset.SOPInstanceUID for one in made.values()]
    found += [*{one.dataset.SeriesInstanceUID for one in made.values()}]
    found += [source.SOPInstanceUID for source in sources.values()]
    assert len(set(found)) == len(found)
    assert all(UID(uid).is_valid and len(uid) <= 64 for uid in found)


def test_the_evidence_of_views_of_one_study_shares_a_series(record):
    made = objects_of(record)
    series = [made[f"{view}-evidence-map.dcm"].dataset for view in ("CC", "MLO")]
    assert series[0].SeriesInstanceUID == series[1].SeriesInstanceUID
    assert [one.InstanceNumber for one in series] == [1, 2]


def test_the_tracking_uid_of_a_lesion_is_independent_of_the_model(record):
    other = msgspec.structs.replace(record, software="mammopair 9.9.9")
    assert lesion_uid(other) == lesion_uid(record)
    view = msgspec.structs.replace(record.views[0], box=(1.0, 2.0, 3.0, 4.0))
    assert lesion_uid(msgspec.structs.replace(record, views=[view])) != lesion_uid(record)


def test_names_are_separated():
    assert stable_uid("a", "bc") != stable_uid("ab", "c")


def test_neither_the_order_of_views_nor_the_type_of_numbers_matters(record):
    views = [
        msgspec.structs.replace(view, box=tuple(int(edge) for edge in view.box))
        for view in record.views
    ]
    whole = [
        msgspec.structs.replace(view, box=tuple(float(edge) for edge in view.box)) for view in views
    ]
    one = msgspec.structs.replace(record, views=views)
    other = msgspec.structs.replace(record, views=whole[::-1])
    assert lesion_uid(one) == lesion_uid(other)

"""The road from marked views to a record: the same lesion gives the same answer by every way."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import numpy as np
import pytest

from mammopair.calibration.platt import logit, sigmoid
from mammopair.classification import classify, classify_many, classify_stepwise
from mammopair.crop import place_square
from mammopair.errors import InputError
from mammopair.io.reader import read_view
from mammopair.lesion import Lesion, MarkedView
from mammopair.record import Record
from mammopair.view import Acquisition, Box, Projection
from mammopair.warning import CodedWarning
from Testing.stepwise import drive
from Testing.synthetic_lesions import LESION_BOX, film


def marked(name="R CC", **how):
    return MarkedView(film(name, **how), Box(*LESION_BOX))


@pytest.fixture(scope="module")
def pair():
    return Lesion("case", "1", (marked("R CC", seed=1), marked("R MLO", seed=2)), label=1)


@pytest.fixture(scope="module")
def record(pair, ensemble):
    return classify(pair, ensemble)


# --- numbers -------------------------------------------------------------------------------------


def test_the_probability_is_the_mean_of_the_views_and_a_view_the_mean_of_its_members(record):
    for view in record.views:
        readings = [reading.probability for reading in view.member_scores]
        assert len(readings) == 2
        assert view.probability == pytest.approx(np.mean(readings))
    assert record.probability == pytest.approx(np.mean([view.probability for view in record.views]))
    assert len({round(view.probability, 6) for view in record.views}) == 2


def test_each_reading_is_calibrated_by_the_manifest(record, ensemble):
    how = ensemble.manifest.calibration
    for view in record.views:
        for reading in view.member_scores:
            expected = sigmoid(np.array(how.slope * reading.logit + how.intercept))
            assert reading.probability == pytest.approx(float(expected))


def test_the_interval_holds_the_probability(record):
    assert 0 < record.interval.low < record.probability < record.interval.high < 1
    assert record.interval.level == 0.9


def test_the_evidence_of_each_view_sums_to_its_mean_calibrated_logit(record, ensemble):
    how = ensemble.manifest.calibration
    for view in record.views:
        cells = np.array(view.evidence.cells)
        calibrated = [how.slope * reading.logit + how.intercept for reading in view.member_scores]
        assert cells.std() > 0.05
        assert cells.mean() + view.evidence.bias == pytest.approx(np.mean(calibrated), abs=1e-4)
        assert np.mean(calibrated) == pytest.approx(
            np.mean([logit(np.array(reading.probability)) for reading in view.member_scores]),
            abs=1e-4,
        )


def test_the_order_of_the_views_does_not_matter(pair, record, ensemble):
    turned = classify(replace(pair, marked=pair.marked[::-1]), ensemble)
    assert turned.probability == pytest.approx(record.probability, abs=1e-5)
    assert turned.interval.low == pytest.approx(record.interval.low, abs=1e-5)
    assert [view.projection for view in turned.views] == ["MLO", "CC"]
    by_name = {view.projection: view for view in turned.views}
    for view in record.views:
        assert by_name[view.projection].probability == pytest.approx(view.probability, abs=1e-5)


def test_many_lesions_together_give_what_each_gives_alone(pair, record, ensemble):
    other = Lesion("other", "9", (marked("L MLO", seed=7),), label=0)
    first, second = classify_many([pair, other], ensemble)
    assert first.probability == pytest.approx(record.probability, abs=1e-5)
    assert second.probability == pytest.approx(classify(other, ensemble).probability, abs=1e-5)
    assert (second.case_id, second.lesion_id, second.laterality, second.label) == (
        "other",
        "9",
        "L",
        0,
    )


def test_no_lesion_gives_no_record(ensemble):
    assert classify_many([], ensemble) == []


def test_the_same_call_twice_gives_the_same_record(pair, record, ensemble):
    assert classify(pair, ensemble) == record


def test_the_label_is_carried_and_never_looked_at(pair, record, ensemble):
    for label in (0, None):
        other = classify(replace(pair, label=label), ensemble)
        assert msgspec.structs.replace(other, label=1) == record


# --- what the record says ------------------------------------------------------------------------


def test_the_record_names_model_software_and_purpose(record, ensemble):
    assert (record.model.name, record.model.version) == ("small", "0")
    assert record.model.sha256 == ensemble.sha256
    assert record.software.startswith("mammopair ")
    assert record.research_use_only is True


def test_evidence_lies_on_the_square_that_was_cut(record):
    # The box is 100 pixels at (110, 150), so the square is 200 pixels at (60, 100).
    for view in record.views:
        evidence = view.evidence
        assert (evidence.square.left, evidence.square.top) == (60, 100)
        assert (evidence.square.width, evidence.square.height) == (200, 200)
        assert view.box == LESION_BOX


def test_a_record_survives_the_round_trip_through_json(record):
    assert msgspec.json.decode(msgspec.json.encode(record), type=Record) == record


def test_warnings_of_the_views_are_carried_each_once(ensemble):
    shared = CodedWarning(code="lossy-compression", message="Compressed with loss.")
    own = CodedWarning(code="digital-detector", message="Not film.")
    lesion = Lesion(
        "case",
        "1",
        (marked("R CC", warnings=(shared,)), marked("R MLO", warnings=(own, shared))),
    )
    assert classify(lesion, ensemble).warnings == [shared, own]


def test_a_single_view_is_read_and_said(pair, record, ensemble):
    single = classify(replace(pair, marked=pair.marked[:1]), ensemble)
    assert [warning.code for warning in single.warnings] == ["one-view"]
    assert "R CC" in single.warnings[0].message
    assert single.probability == pytest.approx(record.views[0].probability, abs=1e-5)


def test_a_pair_without_anything_odd_has_no_warning(record):
    assert record.warnings == []


def test_a_change_of_device_is_said_in_the_record(pair, ensemble):
    warning = CodedWarning(code="out-of-gpu-memory", message="The CPU was used.")
    changed = replace(ensemble, warnings=[warning])
    assert warning in classify(pair, changed).warnings


def test_members_of_one_projection_read_theirs_and_the_rest_is_averaged(by_view, pair):
    record = classify(pair, by_view)
    by_projection = {view.projection: view for view in record.views}
    assert [reading.member for reading in by_projection["CC"].member_scores] == [
        "member-0",
        "member-2",
    ]
    assert [reading.member for reading in by_projection["MLO"].member_scores] == [
        "member-1",
        "member-2",
    ]
    assert record.probability == pytest.approx(
        np.mean([np.mean([r.probability for r in view.member_scores]) for view in record.views])
    )


@pytest.mark.parametrize(
    ("place", "readers"), [(0, ["member-0", "member-2"]), (1, ["member-1", "member-2"])]
)
def test_a_single_view_goes_to_the_members_that_read_it_and_its_interval_is_defined(
    by_view, pair, place, readers
):
    record = classify(replace(pair, marked=(pair.marked[place],)), by_view)
    (view,) = record.views
    assert [reading.member for reading in view.member_scores] == readers
    assert record.interval.low < record.probability < record.interval.high
    assert [warning.code for warning in record.warnings] == ["one-view"]
    assert np.isfinite(view.evidence.cells).all()
    assert msgspec.json.decode(msgspec.json.encode(record), type=Record) == record


# --- stepwise ------------------------------------------------------------------------------------


def test_each_crop_and_each_member_is_a_step(pair, record, ensemble):
    progress, records = drive(classify_stepwise(pair, ensemble))
    assert [step.done for step in progress] == [0, 1, 2, 3]
    assert {step.total for step in progress} == {4}
    assert "R CC" in progress[0].message
    assert "R MLO" in progress[1].message
    assert "member-0" in progress[2].message
    assert records == [record]


def test_a_step_is_announced_before_its_work_is_done(pair, ensemble, monkeypatch):
    read = []
    original = type(ensemble)._read
    monkeypatch.setattr(
        type(ensemble),
        "_read",
        lambda self, member, *rest: read.append(member) or original(self, member, *rest),
    )
    steps = classify_stepwise(pair, ensemble)
    for expected in ([], [], [], ["member-0"]):
        next(steps)
        assert read == expected
    steps.close()
    assert read == ["member-0"]


@pytest.mark.parametrize("after", [0, 1, 2, 3])
def test_closing_early_stops_and_leaves_the_ensemble_fit_for_the_next_lesion(
    pair, record, ensemble, after
):
    steps = classify_stepwise(pair, ensemble)
    for _ in range(after):
        next(steps)
    steps.close()
    with pytest.raises(StopIteration):
        next(steps)
    assert classify(pair, ensemble) == record


# --- what is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("names", "how", "said"),
    [
        (("R CC", "R CC"), {}, "one CC and one MLO"),
        (("R CC", "L MLO"), {}, "use two views of one breast"),
        (("R CC", "R MLO"), {"patient_id": "someone else"}, "use two views of one patient"),
        (("R CC", "R MLO", "R CC"), {}, "one CC and one MLO"),
    ],
)
def test_views_that_do_not_belong_together_are_refused(ensemble, names, how, said):
    views = [marked(name, source=f"{n}.png", patient_id="p") for n, name in enumerate(names)]
    views[-1] = replace(views[-1], view=replace(views[-1].view, **how))
    with pytest.raises(InputError, match=said):
        classify(Lesion("case", "1", tuple(views)), ensemble)


def test_a_lesion_without_views_is_refused(ensemble):
    with pytest.raises(InputError, match="has no view"):
        classify(Lesion("case", "1", ()), ensemble)


@pytest.mark.parametrize(
    ("known", "said"),
    [
        ({"laterality": None}, "does not state the laterality"),
        ({"projection": None}, "does not state the view"),
        ({"projection": Projection.OTHER}, "neither a CC nor an MLO"),
    ],
)
def test_a_view_that_nobody_named_is_refused(ensemble, known, said):
    with pytest.raises(InputError, match=said):
        classify(Lesion("case", "1", (marked("R CC", **known),)), ensemble)


def test_a_box_outside_its_view_is_refused_naming_the_file(ensemble):
    lesion = Lesion("case", "1", (MarkedView(film(source="r-cc.png"), Box(5000, 0, 10, 10)),))
    with pytest.raises(InputError, match=r"^r-cc\.png: box .* lies outside the image"):
        classify(lesion, ensemble)


def test_a_projection_that_no_member_reads_is_refused_before_any_work(by_view):
    cc_only = by_view.select_members({"member-0"})
    with pytest.raises(InputError, match=r"^film\.png: is a MLO view.*reads CC only"):
        next(classify_stepwise(Lesion("c", "1", (marked("R MLO", source="film.png"),)), cc_only))


def test_no_work_is_done_where_one_of_many_lesions_is_wrong(pair, ensemble):
    wrong = Lesion("case", "2", (marked("R CC"), marked("R CC")))
    with pytest.raises(InputError):
        next(classify_stepwise([pair, wrong], ensemble))


# --- one lesion, several resolutions -------------------------------------------------------------


def reduced(place, factor):
    """A marked view as a scanner of less resolution would have given it: area-averaged."""
    pixels = place.view.pixels
    rows, columns = (extent // factor * factor for extent in pixels.shape)
    blocks = pixels[:rows, :columns].reshape(rows // factor, factor, columns // factor, factor)
    box = place.box
    return MarkedView(
        replace(place.view, pixels=blocks.mean((1, 3))),
        Box(*(edge / factor for edge in (box.x, box.y, box.width, box.height))),
    )


@pytest.fixture(scope="module")
def demo_views():
    """The ten marked views of the two real exams."""
    from importlib.resources import files
    from pathlib import Path

    from mammopair.batch import read_lesion
    from mammopair.cli.demo_command import exams_folder
    from mammopair.io.lesion_table import read_lesion_table

    entries = read_lesion_table(Path(str(files("mammopair") / "demo" / "demo.csv")), exams_folder())
    films = {}

    def read(path):
        if path not in films:
            films[path] = read_view(path)
        return films[path]

    return [place for entry in entries for place in read_lesion(entry, read).marked]


FACTORS = (1, 2, 4)


@pytest.fixture(scope="module")
def by_resolution(shipped, demo_views):
    """``(10, 3)``: the probability of each real view, full, halved and quartered."""
    lesions = [
        Lesion(str(number), str(factor), (reduced(place, factor),))
        for number, place in enumerate(demo_views)
        for factor in FACTORS
    ]
    found = [record.probability for record in classify_many(lesions, shipped)]
    return np.array(found).reshape(len(demo_views), len(FACTORS))


def test_one_lesion_at_full_half_and_quarter_resolution_has_one_probability(by_resolution):
    pairs = by_resolution.reshape(5, 2, 3).mean(axis=1)
    assert pairs[:, 0].std() > 0.05  # the five lesions themselves differ
    assert (np.abs(pairs - pairs[:, :1]) < 0.05).all(), np.round(pairs, 3)


def test_one_view_has_one_probability_down_to_the_detail_that_networks_are_fed(
    shipped, demo_views, by_resolution
):
    """Below it the film itself holds less than a network is fed, and no resizing brings it back.

    Of the ten, one small mass falls below at a quarter: 76 pixels for 80 cells.
    """
    detail = shipped.manifest.input.detail
    sides = np.array([place_square(place.view, place.box).width for place in demo_views])
    enough = sides[:, None] / np.array(FACTORS) >= detail
    assert enough.sum() >= 29
    moved = np.abs(by_resolution - by_resolution[:, :1])
    assert (moved[enough] < 0.05).all(), np.round(by_resolution, 3)
    assert (moved < 0.1).all(), np.round(by_resolution, 3)


def test_the_demonstration_views_are_film_and_said_to_be_without_spacing(demo_views):
    assert len(demo_views) == 10
    for place in demo_views:
        assert place.view.acquisition is Acquisition.FILM
        assert place.view.spacing is None

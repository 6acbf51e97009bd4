"""Classification: marked views to records."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest

from mammopair.batch.lesion_task import mark_view
from mammopair.calibration.platt import logit, sigmoid
from mammopair.classification import classify, classify_many, classify_stepwise
from mammopair.cli.demo_command import DEMO_TABLE, exams_folder
from mammopair.crop import place_square
from mammopair.errors import InputError
from mammopair.io.lesion_table import read_lesion_table
from mammopair.io.reader import read_view
from mammopair.lesion import Lesion, MarkedView
from mammopair.record import Record
from mammopair.view import Acquisition, Box, Projection
from mammopair.warning import CodedWarning
from Testing.stepwise import drive
from Testing.synthetic_lesions import LESION_BOX, film


def marked(name="R CC", **options):
    return MarkedView(film(name, **options), Box(*LESION_BOX))


@pytest.fixture(scope="module")
def pair():
    return Lesion("case", "1", (marked("R CC", seed=1), marked("R MLO", seed=2)), label=1)


@pytest.fixture(scope="module")
def record(pair, ensemble):
    return classify(pair, ensemble)


# --- numbers -------------------------------------------------------------------------------------


def test_probabilities_are_averaged_over_members_then_over_views(record):
    for view in record.views:
        scores = [score.probability for score in view.member_scores]
        assert len(scores) == 2
        assert view.probability == pytest.approx(np.mean(scores))
    assert record.probability == pytest.approx(np.mean([view.probability for view in record.views]))
    assert len({round(view.probability, 6) for view in record.views}) == 2


def test_member_probabilities_are_calibrated_with_the_manifest(record, ensemble):
    calibration = ensemble.manifest.calibration
    for view in record.views:
        for score in view.member_scores:
            expected = sigmoid(np.array(calibration.slope * score.logit + calibration.intercept))
            assert score.probability == pytest.approx(float(expected))


def test_the_interval_contains_the_probability(record):
    assert 0 < record.interval.low < record.probability < record.interval.high < 1
    assert record.interval.level == 0.9


def test_the_evidence_of_each_view_adds_up_to_its_mean_calibrated_logit(record, ensemble):
    calibration = ensemble.manifest.calibration
    for view in record.views:
        cells = np.array(view.evidence.cells)
        calibrated = [
            calibration.slope * score.logit + calibration.intercept for score in view.member_scores
        ]
        assert cells.std() > 0.05
        assert cells.mean() + view.evidence.bias == pytest.approx(np.mean(calibrated), abs=1e-4)
        assert np.mean(calibrated) == pytest.approx(
            np.mean([logit(np.array(score.probability)) for score in view.member_scores]),
            abs=1e-4,
        )


def test_the_order_of_the_views_does_not_matter(pair, record, ensemble):
    reordered = classify(replace(pair, marked=pair.marked[::-1]), ensemble)
    assert reordered.probability == pytest.approx(record.probability, abs=1e-5)
    assert reordered.interval.low == pytest.approx(record.interval.low, abs=1e-5)
    assert [view.projection for view in reordered.views] == ["MLO", "CC"]
    by_name = {view.projection: view for view in reordered.views}
    for view in record.views:
        assert by_name[view.projection].probability == pytest.approx(view.probability, abs=1e-5)


def test_many_lesions_have_the_records_of_single_lesions(pair, record, ensemble):
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


def test_no_lesion_has_no_record(ensemble):
    assert classify_many([], ensemble) == []


def test_classification_is_deterministic(pair, record, ensemble):
    assert classify(pair, ensemble) == record


def test_the_label_is_copied_and_does_not_change_the_result(pair, record, ensemble):
    for label in (0, None):
        other = classify(replace(pair, label=label), ensemble)
        assert msgspec.structs.replace(other, label=1) == record


# --- the record ----------------------------------------------------------------------------------


def test_the_record_names_model_software_and_intended_use(record, ensemble):
    assert (record.model.name, record.model.version) == ("small", "0")
    assert record.model.sha256 == ensemble.sha256
    assert record.software.startswith("mammopair ")
    assert record.research_use_only is True


def test_evidence_covers_the_square_of_the_patch(record):
    # The box is 100 pixels at (110, 150), so the square is 200 pixels at (60, 100).
    for view in record.views:
        evidence = view.evidence
        assert (evidence.square.left, evidence.square.top) == (60, 100)
        assert (evidence.square.width, evidence.square.height) == (200, 200)
        assert view.box == LESION_BOX


def test_a_record_is_encoded_and_decoded_as_json(record):
    assert msgspec.json.decode(msgspec.json.encode(record), type=Record) == record


def test_warnings_of_the_views_are_copied_without_duplicates(ensemble):
    shared = CodedWarning(code="lossy-compression", message="Compressed with loss.")
    own = CodedWarning(code="digital-detector", message="Not film.")
    lesion = Lesion(
        "case",
        "1",
        (marked("R CC", warnings=(shared,)), marked("R MLO", warnings=(own, shared))),
    )
    assert classify(lesion, ensemble).warnings == [shared, own]


def test_a_single_view_is_classified_with_a_warning(pair, record, ensemble):
    single = classify(replace(pair, marked=pair.marked[:1]), ensemble)
    assert [warning.code for warning in single.warnings] == ["one-view"]
    assert "R CC" in single.warnings[0].message
    assert single.probability == pytest.approx(record.views[0].probability, abs=1e-5)


def test_an_ordinary_pair_has_no_warning(record):
    assert record.warnings == []


def test_a_change_of_device_is_a_warning_of_the_record(pair, ensemble):
    warning = CodedWarning(code="out-of-gpu-memory", message="The CPU was used.")
    changed = replace(ensemble, warnings=[warning])
    assert warning in classify(pair, changed).warnings


def test_views_are_scored_by_the_members_for_their_projection(by_view, pair):
    record = classify(pair, by_view)
    by_projection = {view.projection: view for view in record.views}
    assert [score.member for score in by_projection["CC"].member_scores] == [
        "member-0",
        "member-2",
    ]
    assert [score.member for score in by_projection["MLO"].member_scores] == [
        "member-1",
        "member-2",
    ]
    assert record.probability == pytest.approx(
        np.mean([np.mean([r.probability for r in view.member_scores]) for view in record.views])
    )


@pytest.mark.parametrize(
    ("place", "members"), [(0, ["member-0", "member-2"]), (1, ["member-1", "member-2"])]
)
def test_a_single_view_is_scored_by_its_members_and_has_an_interval(by_view, pair, place, members):
    record = classify(replace(pair, marked=(pair.marked[place],)), by_view)
    (view,) = record.views
    assert [score.member for score in view.member_scores] == members
    assert record.interval.low < record.probability < record.interval.high
    assert [warning.code for warning in record.warnings] == ["one-view"]
    assert np.isfinite(view.evidence.cells).all()
    assert msgspec.json.decode(msgspec.json.encode(record), type=Record) == record


# --- stepwise ------------------------------------------------------------------------------------


def test_each_patch_and_each_member_is_a_step(pair, record, ensemble):
    progress, records = drive(classify_stepwise(pair, ensemble))
    assert [step.done for step in progress] == [0, 1, 2, 3]
    assert {step.total for step in progress} == {4}
    assert "R CC" in progress[0].message
    assert "R MLO" in progress[1].message
    assert "member-0" in progress[2].message
    assert records == [record]


def test_a_step_is_reported_before_it_is_computed(pair, ensemble, monkeypatch):
    run = []
    original = type(ensemble)._run_member
    monkeypatch.setattr(
        type(ensemble),
        "_run_member",
        lambda self, member, *args: run.append(member) or original(self, member, *args),
    )
    steps = classify_stepwise(pair, ensemble)
    for expected in ([], [], [], ["member-0"]):
        next(steps)
        assert run == expected
    steps.close()
    assert run == ["member-0"]


@pytest.mark.parametrize("after", [0, 1, 2, 3])
def test_cancelling_stops_and_the_ensemble_can_be_used_again(pair, record, ensemble, after):
    steps = classify_stepwise(pair, ensemble)
    for _ in range(after):
        next(steps)
    steps.close()
    with pytest.raises(StopIteration):
        next(steps)
    assert classify(pair, ensemble) == record


# --- invalid input -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("names", "changes", "message"),
    [
        (("R CC", "R CC"), {}, "one CC and one MLO"),
        (("R CC", "L MLO"), {}, "use two views of one breast"),
        (("R CC", "R MLO"), {"patient_id": "someone else"}, "use two views of one patient"),
        (("R CC", "R MLO", "R CC"), {}, "one CC and one MLO"),
    ],
)
def test_views_that_do_not_belong_together_are_rejected(ensemble, names, changes, message):
    views = [marked(name, source=f"{n}.png", patient_id="p") for n, name in enumerate(names)]
    views[-1] = replace(views[-1], view=replace(views[-1].view, **changes))
    with pytest.raises(InputError, match=message):
        classify(Lesion("case", "1", tuple(views)), ensemble)


def test_a_lesion_without_views_is_rejected(ensemble):
    with pytest.raises(InputError, match="has no view"):
        classify(Lesion("case", "1", ()), ensemble)


@pytest.mark.parametrize(
    ("known", "message"),
    [
        ({"laterality": None}, "does not state the laterality"),
        ({"projection": None}, "does not state the view"),
        ({"projection": Projection.OTHER}, "neither a CC nor an MLO"),
    ],
)
def test_a_view_of_unknown_laterality_or_projection_is_rejected(ensemble, known, message):
    with pytest.raises(InputError, match=message):
        classify(Lesion("case", "1", (marked("R CC", **known),)), ensemble)


def test_a_box_outside_its_view_is_rejected_with_the_file(ensemble):
    lesion = Lesion("case", "1", (MarkedView(film(source="r-cc.png"), Box(5000, 0, 10, 10)),))
    with pytest.raises(InputError, match=r"^r-cc\.png: box .* lies outside the image"):
        classify(lesion, ensemble)


def test_a_projection_without_a_member_is_rejected_before_any_computation(by_view):
    cc_only = by_view.select_members({"member-0"})
    with pytest.raises(
        InputError, match=r"^film\.png: has the projection MLO.*use a view that is CC"
    ):
        next(classify_stepwise(Lesion("c", "1", (marked("R MLO", source="film.png"),)), cc_only))


def test_one_invalid_lesion_is_rejected_before_any_computation(pair, ensemble):
    wrong = Lesion("case", "2", (marked("R CC"), marked("R CC")))
    with pytest.raises(InputError):
        next(classify_stepwise([pair, wrong], ensemble))


# --- one lesion, several resolutions -------------------------------------------------------------


def reduced(marked_view, factor):
    """A marked view at a lower resolution, area-averaged."""
    pixels = marked_view.view.pixels
    rows, columns = (extent // factor * factor for extent in pixels.shape)
    blocks = pixels[:rows, :columns].reshape(rows // factor, factor, columns // factor, factor)
    box = marked_view.box
    return MarkedView(
        replace(marked_view.view, pixels=blocks.mean((1, 3))),
        Box(*(edge / factor for edge in (box.x, box.y, box.width, box.height))),
    )


@pytest.fixture(scope="module")
def demo_views():
    """The ten marked views of the two real exams."""
    entries = read_lesion_table(DEMO_TABLE, exams_folder())
    files = {row.file for entry in entries for row in entry.rows}
    films = {file: read_view(Path(file)) for file in files}
    return [mark_view(films[row.file], row) for entry in entries for row in entry.rows]


FACTORS = (1, 2, 4)


@pytest.fixture(scope="module")
def by_resolution(shipped, demo_views):
    """``(10, 3)``: the probability of each real view, full, halved and quartered."""
    lesions = [
        Lesion(str(number), str(factor), (reduced(marked_view, factor),))
        for number, marked_view in enumerate(demo_views)
        for factor in FACTORS
    ]
    found = [record.probability for record in classify_many(lesions, shipped)]
    return np.array(found).reshape(len(demo_views), len(FACTORS))


def test_a_pair_has_the_same_probability_at_full_half_and_quarter_resolution(by_resolution):
    pairs = by_resolution.reshape(5, 2, 3).mean(axis=1)
    assert pairs[:, 0].std() > 0.05  # the five lesions themselves differ
    assert (np.abs(pairs - pairs[:, :1]) < 0.05).all(), np.round(pairs, 3)


def test_a_view_has_the_same_probability_down_to_the_resolution_of_the_input(
    shipped, demo_views, by_resolution
):
    """Below it the view has less detail than the input, which resizing cannot restore.

    Of the ten views, one small mass is below it at a quarter: 76 pixels for 80.
    """
    detail = shipped.manifest.input.detail
    sides = np.array([place_square(view.view, view.box).width for view in demo_views])
    enough = sides[:, None] / np.array(FACTORS) >= detail
    assert enough.sum() >= 29
    change = np.abs(by_resolution - by_resolution[:, :1])
    assert (change[enough] < 0.05).all(), np.round(by_resolution, 3)
    assert (change < 0.1).all(), np.round(by_resolution, 3)


def test_the_demo_views_are_film_without_pixel_spacing(demo_views):
    assert len(demo_views) == 10
    for view in demo_views:
        assert view.view.acquisition is Acquisition.FILM
        assert view.view.spacing is None

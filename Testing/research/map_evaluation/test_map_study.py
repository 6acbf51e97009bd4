"""The study is out-of-fold, can be continued, has intervals and selects by the rule."""

from __future__ import annotations

import csv
import dataclasses
import json
import math

import numpy as np
import pytest
from msgspec.structs import replace

from mammopair.errors import InputError
from mammopair.evaluation import ScorableCrop, explainable_crops
from mammopair.explain.default_method import (
    DEFAULT_METHOD_FILE,
    FALLBACK_METHOD,
    default_method,
    read_default_method,
    weights_of,
    write_default_method,
)
from mammopair.explain.differentiable_ensemble import make_differentiable
from mammopair.explain.methods import METHODS
from mammopair.io.crop_folder import read_index
from mammopair.lesion_groups import lesion_name
from mammopair.model.ensemble import load_ensemble
from mammopair.view import Box
from mammopair_research.datasets.film_folder import read_film_index
from mammopair_research.datasets.lesion_sample import sample_lesions
from mammopair_research.datasets.patches import PlacedPatch
from mammopair_research.map_evaluation.baseline_maps import BASELINES
from mammopair_research.map_evaluation.chart import draw_chart
from mammopair_research.map_evaluation.crop_measures import measure_map
from mammopair_research.map_evaluation.deletion import compute_endpoints
from mammopair_research.map_evaluation.evaluated_crop import EvaluatedCrop, load_evaluated_crop
from mammopair_research.map_evaluation.journal import FILE as JOURNAL
from mammopair_research.map_evaluation.map_study import run_study
from mammopair_research.map_evaluation.measure_table import Cell
from mammopair_research.map_evaluation.measures import MEASURES
from mammopair_research.map_evaluation.method_choice import (
    BEATEN_ON,
    RANDOMISED,
    RANKED_BY,
    rank_methods,
)
from mammopair_research.map_evaluation.study_output import (
    select_default,
    summarise_study,
    write_study,
)
from mammopair_research.stats.bootstrap_means import Mean
from Testing.stepwise import drive
from Testing.synthetic_lesions import (
    COLUMNS,
    crop_row,
    lesion_picture,
    read_crop_rows,
    write_crop_folder,
    write_ensemble,
    write_png,
)

FEW = [METHODS["evidence"], *BASELINES.values()]
FILM_SIDE = 512


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return a folder of crops in the centre of films with pixels twice as high as wide."""
    home = write_crop_folder(tmp_path_factory.mktemp("films") / "lesions", patients=9)
    rows = read_crop_rows(home)
    extra = ["film", "film_box_x", "film_box_y", "film_box_w", "film_box_h"]
    with (home / "crops.csv").open("w", newline="") as stream:
        table = csv.DictWriter(stream, [*COLUMNS, *extra])
        table.writeheader()
        for row in rows:
            film = row["file"].replace("crops/", "films/")
            position = dict(zip(extra, (film, 192, 96, 128, 64), strict=True))
            table.writerow(row | position)
            noise = np.random.default_rng(0).random((FILM_SIDE // 2, FILM_SIDE)) * 0.3
            noise[96:160, 192:320] += 0.5
            write_png(home / film, noise.astype(np.float32))
    with (home / "films.csv").open("w", newline="") as stream:
        films = csv.writer(stream)
        films.writerow(["file", "mm_per_col", "mm_per_row"])
        films.writerows([row["file"].replace("crops/", "films/"), 0.2, 0.4] for row in rows)
    return home


@pytest.fixture(scope="module")
def partly_trained(tmp_path_factory):
    """Return an ensemble whose member 0 has fold 0, member 1 fold 1, and none fold 2."""
    fold_of = {f"S_{number:03d}": number % 3 for number in range(9)}
    home = write_ensemble(tmp_path_factory.mktemp("trained") / "e", fold_of=fold_of, flips=False)
    return load_ensemble(home, "cpu")


@pytest.fixture(scope="module")
def measured(folder, partly_trained, tmp_path_factory):
    out = tmp_path_factory.mktemp("out")
    _, lines = drive(run_study(folder, partly_trained, out, lesions=4, methods=FEW))
    return out, lines


def test_only_out_of_fold_members_are_explained(folder, partly_trained, measured):
    rows = {row.file: row for row in read_index(folder)}
    films = read_film_index(folder)
    for line in measured[1]:
        number = int(line.patient_id[2:]) % 3
        assert number < 2
        crop = ScorableCrop(rows[line.file], frozenset({f"member-{number}"}))
        evaluated = load_evaluated_crop(folder, crop, films, partly_trained)
        logit = evaluated.model.logits(evaluated.centred.pixels[None])[0]
        assert line.logit == pytest.approx(logit, abs=1e-4)
        assert evaluated.model.networks == (partly_trained.networks[f"member-{number}"],)
        assert len(evaluated.all_members.networks) == 2


def test_every_measure_is_taken_on_every_crop(measured):
    _, lines = measured
    one_crop = set(MEASURES) - {"agreement of CC and MLO"}
    for line in lines:
        assert set(line.figures) == one_crop
        assert all(value is not None for value in line.figures.values())
    assert {line.method for line in lines} == {method.name for method in FEW}


def test_a_second_run_reuses_the_journal_and_a_larger_one_extends_it(
    folder, partly_trained, measured, monkeypatch
):
    out, lines = measured
    before = (out / JOURNAL).read_bytes()
    _, again = drive(run_study(folder, partly_trained, out, lesions=4, methods=FEW))
    assert again == lines
    assert (out / JOURNAL).read_bytes() == before
    _, more = drive(run_study(folder, partly_trained, out, lesions=5, methods=FEW[:1]))
    assert (out / JOURNAL).read_bytes().startswith(before)
    assert {line.file for line in lines} < {line.file for line in more}


def test_an_incomplete_last_line_is_measured_again(folder, partly_trained, measured, tmp_path):
    out, lines = measured
    kept = (out / JOURNAL).read_bytes().splitlines(keepends=True)[: len(lines) + 1]
    (tmp_path / JOURNAL).write_bytes(b"".join(kept)[:-40])
    _, again = drive(run_study(folder, partly_trained, tmp_path, lesions=4, methods=FEW))
    assert again == lines
    assert (tmp_path / JOURNAL).read_bytes() == b"".join(kept)


def test_a_journal_of_another_ensemble_is_rejected(folder, measured, tmp_path_factory):
    home = write_ensemble(tmp_path_factory.mktemp("other") / "e", views=[["CC", "MLO"]])
    with pytest.raises(InputError, match="was measured with another ensemble or sample"):
        drive(run_study(folder, load_ensemble(home, "cpu"), measured[0], lesions=4, methods=FEW))


def test_a_damaged_journal_is_rejected(folder, partly_trained, tmp_path):
    (tmp_path / JOURNAL).write_text("{}\nnonsense\n")
    with pytest.raises(InputError, match=r"measured\.jsonl: is damaged"):
        drive(run_study(folder, partly_trained, tmp_path, lesions=4, methods=FEW))


def test_without_films_nothing_is_measured_off_centre(crop_folder, partly_trained, tmp_path):
    _, lines = drive(run_study(crop_folder, partly_trained, tmp_path, lesions=1, methods=FEW[:1]))
    assert "energy in the box, centred" in lines[0].figures
    assert "energy in the box, off-centre" not in lines[0].figures
    summarise_study(lines)


def test_the_table_has_means_intervals_and_paired_differences(measured):
    _, lines = measured
    table = summarise_study(lines).table
    evidence = table["evidence"]["deletion, blur"]
    values = {
        name: [line.figures["deletion, blur"] for line in lines if line.method == name]
        for name in ("evidence", "random")
    }
    assert evidence.mean.value == pytest.approx(np.mean(values["evidence"]))
    assert evidence.mean.low <= evidence.mean.value <= evidence.mean.high
    assert evidence.differences["random"].value == pytest.approx(
        np.mean(np.subtract(values["evidence"], values["random"]))
    )
    assert "random" not in table["random"]["deletion, blur"].differences
    assert evidence.mean.patients == len({line.patient_id for line in lines})
    assert "agreement of CC and MLO" in table["evidence"]


def test_baselines_do_not_change_with_randomised_weights(measured):
    table = summarise_study(measured[1]).table
    for name in BASELINES:
        assert table[name]["randomised all layers"].mean.value == pytest.approx(1)


def test_the_files_contain_the_figures_of_the_table(measured, partly_trained, tmp_path):
    found = summarise_study(measured[1])
    write_study(found, partly_trained, tmp_path)
    written = json.loads((tmp_path / "faithfulness.json").read_text())
    cell = found.table["evidence"]["deletion, blur"]
    assert written["methods"]["evidence"]["deletion, blur"]["value"] == cell.mean.value
    assert written["default"] == found.ranks[0].method
    with (tmp_path / "faithfulness.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    row = next(r for r in rows if r["measure"] == "deletion, blur" and r["minus"] == "random")
    assert float(row["value"]) == pytest.approx(cell.differences["random"].value, abs=1e-6)
    text = (tmp_path / "faithfulness.md").read_text()
    assert f"{cell.mean.value:.2f} ({cell.mean.low:.2f} to {cell.mean.high:.2f})" in text
    assert "Research use only" in text


def test_the_chart_is_drawn(measured, tmp_path):
    pytest.importorskip("matplotlib")
    draw_chart(summarise_study(measured[1]), tmp_path / "chart.svg")
    text = (tmp_path / "chart.svg").read_text()
    assert "Class activation" in text
    assert "lower is better" in text


# --- extreme crops -----------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["empty", "saturated", "half outside", "certain"])
@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_every_crop_has_finite_measures(kind, method, ensemble):
    """Also one without contrast, at the edge of the film, or with a probability of 1."""
    patch = {
        "empty": np.zeros((256, 256)),
        "saturated": np.ones((256, 256)),
        "half outside": np.where(np.arange(256) < 128, 0, lesion_picture(True, 1)),
        "certain": lesion_picture(True, 2),
    }[kind].astype(np.float32)
    model = make_differentiable(ensemble, "CC", members={"member-0"}, flips=False)
    if kind == "certain":
        calibration = replace(model.calibration, intercept=60.0)
        model = dataclasses.replace(model, calibration=calibration)
    row = crop_row(label=1, lesion_x=0, lesion_y=0, lesion_w=90, lesion_h=90)
    marked = PlacedPatch(patch, Box(-20, 0, 90, 90))
    crop = EvaluatedCrop(row, marked, marked, model, model, seed=0)
    figures, profile = measure_map(method, crop, compute_endpoints(model, patch))
    assert np.isfinite(list(figures.values())).all()
    assert profile.sum() == pytest.approx(1)


def test_members_of_one_projection_explain_that_projection(crop_folder, by_view, tmp_path):
    _, lines = drive(run_study(crop_folder, by_view, tmp_path, lesions=1, methods=FEW[:1]))
    assert {line.view for line in lines} <= {"CC", "MLO"}


def test_a_projection_that_no_member_reads_is_excluded(crop_folder, tmp_path):
    home = write_ensemble(tmp_path / "e", views=[["CC"], ["CC"]], flips=False)
    crops = explainable_crops(crop_folder, load_ensemble(home, "cpu"))
    assert {crop.row.view for crop in crops} == {"CC"}


# --- sampling ----------------------------------------------------------------------------------


def test_a_larger_sample_includes_a_smaller_one_and_whole_lesions(crop_folder):
    rows = [ScorableCrop(row, frozenset()) for row in read_index(crop_folder)]
    some, more = sample_lesions(rows, 5, seed=3), sample_lesions(rows, 9, seed=3)
    assert more[:5] == some
    assert sample_lesions(rows, 5, seed=4) != some
    everything = sample_lesions(rows, None, seed=3)
    assert sorted(crop.row.file for lesion in everything for crop in lesion) == sorted(
        crop.row.file for crop in rows
    )
    for lesion in everything:
        assert len({lesion_name(crop.row) for crop in lesion}) == 1


# --- the choice --------------------------------------------------------------------------------


def cell(value, difference=0.1, half=0.05):
    less = Mean(difference, difference - half, difference + half, 10, 10)
    return Cell(Mean(value, value - half, value + half, 10, 10), dict.fromkeys(BASELINES, less))


def good(score, correlation=0.02):
    better = {name: cell(0.5, 0.1 * MEASURES[name].better) for name in BEATEN_ON}
    return better | {RANDOMISED: cell(correlation), RANKED_BY: cell(score)}


def test_among_methods_that_meet_all_conditions_the_higher_score_wins():
    found = rank_methods({"a": good(0.2), "b": good(0.3), "random": good(0.9)})
    assert [one.method for one in found] == ["b", "a"]
    assert not found[0].failed


@pytest.mark.parametrize("measure", BEATEN_ON)
def test_a_method_that_does_not_beat_a_baseline_significantly_ranks_lower(measure):
    unsure = good(0.9) | {measure: cell(0.5, 0.04 * MEASURES[measure].better)}
    wrong_side = good(0.9) | {measure: cell(0.5, -0.3 * MEASURES[measure].better)}
    unknown = {name: found for name, found in good(0.9).items() if name != measure}
    for poor in (unsure, wrong_side, unknown):
        found = rank_methods({"poor": poor, "good": good(0.1)})
        assert [one.method for one in found] == ["good", "poor"]
        assert found[1].failed == [f"beats {name} on {measure}" for name in BASELINES]


@pytest.mark.parametrize("correlation", [0.2, -0.2])
def test_a_method_that_correlates_with_randomised_weights_ranks_lower(correlation):
    found = rank_methods({"constant": good(0.9, correlation), "good": good(0.1)})
    assert found[0].method == "good"
    assert found[1].failed == ["changes with randomised weights"]


def test_the_default_is_stored_with_the_ensemble_and_valid_for_its_weights_only(measured, tmp_path):
    ensemble = load_ensemble(write_ensemble(tmp_path / "e"), "cpu")
    assert default_method(ensemble) == FALLBACK_METHOD
    chosen = select_default(summarise_study(measured[1]), ensemble)
    write_default_method(chosen, ensemble.folder)
    assert read_default_method(ensemble.folder) == chosen
    assert default_method(ensemble) == chosen.method
    other = dataclasses.replace(ensemble, folder=ensemble.folder)
    other.manifest = load_ensemble(
        write_ensemble(tmp_path / "f", views=[["CC"], ["MLO"], ["CC"]]), "cpu"
    ).manifest
    assert weights_of(other.manifest) != weights_of(ensemble.manifest)
    assert default_method(other) == FALLBACK_METHOD
    (ensemble.folder / DEFAULT_METHOD_FILE).write_text('{"method": 3}')
    with pytest.raises(InputError, match=r"explanation\.json: is not valid"):
        default_method(ensemble)


def test_an_undefined_measure_is_not_in_the_table(measured):
    lines = [line for line in measured[1] if line.method == "evidence"]
    changed = [
        type(line)(
            **{name: getattr(line, name) for name in line.__struct_fields__}
            | {"figures": line.figures | {"repeatability, members": None}}
        )
        for line in lines
    ]
    table = summarise_study(changed).table
    assert "repeatability, members" not in table["evidence"]
    assert not math.isnan(table["evidence"]["deletion, blur"].mean.value)

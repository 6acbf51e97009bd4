"""The lesions of a task: each has a record or a named failure, and each film is read once."""

from __future__ import annotations

import csv
import gc
import shutil
import weakref
from contextlib import nullcontext
from pathlib import Path

import pytest

from mammopair.batch import lesion_task
from mammopair.batch.lesion_task import CutLesion, classify_lesions, cut_lesions, mark_view
from mammopair.batch.outcome import Failure
from mammopair.classification import classify
from mammopair.io.lesion_table import read_lesion_table
from mammopair.io.reader import read_view
from mammopair.lesion import Lesion
from mammopair.progress import exhaust
from mammopair.record import Record
from Testing.synthetic_lesions import LESION_BOX, film, write_png
from Testing.synthetic_mammograms import write_mammogram

COLUMNS = [
    "case_id",
    "lesion_id",
    "laterality",
    "view",
    "file",
    "box_x",
    "box_y",
    "box_w",
    "box_h",
    "label",
]


def row(case, view, file, lesion="1", laterality="R", box=LESION_BOX, label=""):
    return [case, lesion, laterality, view, file, *box, label]


@pytest.fixture(scope="module")
def films(tmp_path_factory):
    """Twelve pairs of films."""
    folder = tmp_path_factory.mktemp("films")
    for number in range(12):
        for place, view in enumerate(("CC", "MLO")):
            write_png(folder / f"{number}-{view}.png", film(seed=2 * number + place).pixels)
    return folder


@pytest.fixture
def lesions(films, tmp_path):
    """Write a lesion table beside the films, and read it."""
    shutil.copytree(films, tmp_path, dirs_exist_ok=True)

    def write(*rows):
        with (tmp_path / "lesions.csv").open("w", newline="") as stream:
            csv.writer(stream).writerows([COLUMNS, *rows])
        return read_lesion_table(tmp_path / "lesions.csv")

    return write


@pytest.fixture
def reads(monkeypatch):
    """The names of the files that are read, in order."""
    seen = []
    original = lesion_task.read_view

    def read(path, **options):
        seen.append(path.name)
        return original(path, **options)

    monkeypatch.setattr(lesion_task, "read_view", read)
    return seen


def classify_all(table, ensemble, *, render=False):
    cut = exhaust(cut_lesions(table, render=render))
    return exhaust(classify_lesions(cut, ensemble, nullcontext()))


def classify_alone(lesion, ensemble):
    marked = tuple(mark_view(read_view(Path(one.file)), one) for one in lesion.rows)
    return classify(Lesion(lesion.case_id, lesion.lesion_id, marked), ensemble)


def names(outcomes):
    return [outcome.case_id for outcome in outcomes]


def test_lesions_classified_together_have_the_same_results_as_alone(lesions, ensemble):
    both = ("CC", "MLO")
    table = lesions(*(row(f"case-{n}", view, f"{n}-{view}.png") for n in range(8) for view in both))
    outcomes = classify_all(table, ensemble)
    assert names(outcomes) == [f"case-{n}" for n in range(8)]
    for place in (0, 7):
        alone = classify_alone(table[place], ensemble)
        assert outcomes[place].probability == pytest.approx(alone.probability, abs=1e-5)
    assert len({round(outcome.probability, 6) for outcome in outcomes}) == 8


@pytest.mark.parametrize("bad", [0, 2, 4])
def test_a_damaged_file_makes_only_its_own_lesion_fail(lesions, ensemble, tmp_path, bad):
    table = lesions(*(row(f"case-{n}", "CC", f"{n}-CC.png") for n in range(5)))
    path = tmp_path / f"{bad}-CC.png"
    path.write_bytes(path.read_bytes()[:200])
    outcomes = classify_all(table, ensemble)
    assert names(outcomes) == [f"case-{n}" for n in range(5)]
    failures = [outcome for outcome in outcomes if isinstance(outcome, Failure)]
    assert names(failures) == [f"case-{bad}"]
    assert failures[0].reason.startswith(str(path))


def test_a_box_outside_the_image_makes_only_its_own_lesion_fail(lesions, ensemble):
    table = lesions(
        row("good", "CC", "0-CC.png"),
        row("bad", "CC", "1-CC.png", box=(9000, 0, 10, 10)),
        row("good too", "CC", "2-CC.png"),
    )
    first, second, third = classify_all(table, ensemble)
    assert isinstance(second, Failure)
    assert "lies outside the image" in second.reason
    assert (second.case_id, second.lesion_id) == ("bad", "1")
    assert first.probability == pytest.approx(
        classify_alone(table[0], ensemble).probability, abs=1e-5
    )
    assert isinstance(third, Record)


def test_all_lesions_may_fail(lesions, ensemble):
    table = lesions(*(row(f"case-{n}", "CC", "0-CC.png", box=(9000, 0, 9, 9)) for n in range(3)))
    assert all(isinstance(outcome, Failure) for outcome in classify_all(table, ensemble))


def test_a_header_that_contradicts_the_table_makes_the_lesion_fail(lesions, ensemble, tmp_path):
    write_mammogram(tmp_path / "left.dcm", ImageLaterality="L", ViewPosition="CC")
    write_mammogram(tmp_path / "mlo.dcm", ImageLaterality="R", ViewPosition="MLO")
    table = lesions(
        row("side", "CC", "left.dcm", box=(5, 5, 9, 9)),
        row("view", "CC", "mlo.dcm", box=(5, 5, 9, 9)),
    )
    side, view = classify_all(table, ensemble)
    assert "left.dcm" in side.reason
    assert "laterality" in side.reason
    assert "mlo.dcm" in view.reason
    assert "MLO" in view.reason


def test_the_table_completes_what_the_header_lacks(lesions, ensemble, tmp_path):
    shutil.copy(tmp_path / "0-CC.png", tmp_path / "nameless.png")
    table = lesions(row("c", "MLO", "nameless.png", laterality="L"))
    (record,) = classify_all(table, ensemble)
    assert record.laterality == "L"
    assert [view.projection for view in record.views] == ["MLO"]
    assert not {"unknown-laterality", "unknown-projection"} & {w.code for w in record.warnings}


@pytest.mark.parametrize("render", [False, True])
def test_a_film_is_read_once_for_all_lesions_on_it(lesions, ensemble, reads, render):
    both = ("CC", "MLO")
    table = lesions(
        *(row("c", view, f"0-{view}.png", lesion=n) for n in "123" for view in both),
        *(row("d", view, f"1-{view}.png", lesion=n) for n in "12" for view in both),
    )
    assert len(classify_all(table, ensemble, render=render)) == 5
    assert reads == ["0-CC.png", "0-MLO.png", "1-CC.png", "1-MLO.png"]


def test_pictures_are_rendered_on_request_only(lesions):
    table = lesions(row("c", "CC", "0-CC.png"), row("c", "MLO", "0-MLO.png"))
    (plain,) = exhaust(cut_lesions(table))
    (rendered,) = exhaust(cut_lesions(table, render=True))
    assert isinstance(plain, CutLesion)
    assert not plain.rendered
    assert set(rendered.rendered) == {"CC", "MLO"}
    for marked in rendered.lesion.marked:
        assert marked.view.pixels.size == 0
        assert (marked.patch.pixels == rendered.rendered[marked.view.projection].patch).all()


@pytest.mark.parametrize("render", [False, True])
def test_the_pixels_of_a_film_are_released_before_the_next_is_read(lesions, monkeypatch, render):
    films, alive = [], []
    original = lesion_task.read_view

    def read(path, **options):
        view = original(path, **options)
        gc.collect()
        alive.append(sum(film() is not None for film in films))
        films.append(weakref.ref(view.pixels))
        return view

    monkeypatch.setattr(lesion_task, "read_view", read)
    exhaust(
        cut_lesions(
            lesions(*(row(f"case-{n}", "CC", f"{n}-CC.png") for n in range(8))), render=render
        )
    )
    assert max(alive) == 0


def test_a_defect_of_the_program_is_not_a_failure_of_a_lesion(lesions, monkeypatch):
    """Only what a user can correct is a failure; a defect must not be taken for bad input."""

    def defect(_path, **_options):
        raise ZeroDivisionError

    monkeypatch.setattr(lesion_task, "read_view", defect)
    with pytest.raises(ZeroDivisionError):
        exhaust(cut_lesions(lesions(row("c", "CC", "0-CC.png"))))

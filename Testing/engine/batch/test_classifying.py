"""Many lesions: each gives a record or a named failure, in the manifest's order."""

from __future__ import annotations

import csv
import shutil

import pytest

from mammopair.batch import Failure, classify_entries, film_task, read_lesion
from mammopair.batch.film_groups import LESIONS_AT_ONCE, LOOK_AHEAD
from mammopair.classification import classify
from mammopair.errors import InputError
from mammopair.io.lesion_table import read_lesion_table
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
def entries(films, tmp_path):
    """Writes a manifest beside the films, and reads it."""
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
    original = film_task.read_view

    def read(path, **options):
        seen.append(path.name)
        return original(path, **options)

    monkeypatch.setattr(film_task, "read_view", read)
    return seen


def names(outcomes):
    return [outcome.case_id for outcome in outcomes]


def test_every_lesion_gives_a_record_in_the_order_of_the_manifest(entries, ensemble):
    count = LESIONS_AT_ONCE + 3
    table = entries(
        *(row(f"case-{n}", view, f"{n}-{view}.png") for n in range(count) for view in ("CC", "MLO"))
    )
    outcomes = list(classify_entries(table, ensemble))
    assert names(outcomes) == [f"case-{n}" for n in range(count)]
    assert all(isinstance(outcome, Record) for outcome in outcomes)
    for place in (0, count - 1):
        alone = classify(read_lesion(table[place]), ensemble)
        assert outcomes[place].probability == pytest.approx(alone.probability, abs=1e-5)
    assert len({round(outcome.probability, 6) for outcome in outcomes}) == count


@pytest.mark.parametrize("bad", [0, 2, 4])
def test_a_lesion_whose_file_is_damaged_does_not_hold_up_the_others(
    entries, ensemble, tmp_path, bad
):
    table = entries(*(row(f"case-{n}", "CC", f"{n}-CC.png") for n in range(5)))
    path = tmp_path / f"{bad}-CC.png"
    path.write_bytes(path.read_bytes()[:200])
    outcomes = list(classify_entries(table, ensemble))
    assert names(outcomes) == [f"case-{n}" for n in range(5)]
    failures = [outcome for outcome in outcomes if isinstance(outcome, Failure)]
    assert names(failures) == [f"case-{bad}"]
    assert failures[0].reason.startswith(str(path))


def test_a_lesion_whose_box_lies_outside_does_not_hold_up_its_batch(entries, ensemble):
    table = entries(
        row("good", "CC", "0-CC.png"),
        row("bad", "CC", "1-CC.png", box=(9000, 0, 10, 10)),
        row("good too", "CC", "2-CC.png"),
    )
    first, second, third = classify_entries(table, ensemble)
    assert isinstance(second, Failure)
    assert "lies outside the image" in second.reason
    assert (second.case_id, second.lesion_id) == ("bad", "1")
    assert first.probability == pytest.approx(
        classify(read_lesion(table[0]), ensemble).probability, abs=1e-5
    )
    assert isinstance(third, Record)


def test_every_lesion_may_fail(entries, ensemble):
    table = entries(*(row(f"case-{n}", "CC", "0-CC.png", box=(9000, 0, 9, 9)) for n in range(3)))
    assert all(isinstance(outcome, Failure) for outcome in classify_entries(table, ensemble))


def test_no_lesion_gives_nothing(ensemble):
    assert list(classify_entries([], ensemble)) == []


def test_a_file_that_says_something_else_than_the_manifest_fails(entries, ensemble, tmp_path):
    write_mammogram(tmp_path / "left.dcm", ImageLaterality="L", ViewPosition="CC")
    write_mammogram(tmp_path / "mlo.dcm", ImageLaterality="R", ViewPosition="MLO")
    table = entries(
        row("side", "CC", "left.dcm", box=(5, 5, 9, 9)),
        row("view", "CC", "mlo.dcm", box=(5, 5, 9, 9)),
    )
    side, view = classify_entries(table, ensemble)
    assert "laterality is specified as R, but is L in the file" in side.reason
    assert "view is specified as CC, but is MLO in the file" in view.reason


def test_the_manifest_completes_what_the_file_does_not_say(entries, ensemble, tmp_path):
    shutil.copy(tmp_path / "0-CC.png", tmp_path / "nameless.png")
    (record,) = classify_entries(entries(row("c", "MLO", "nameless.png", laterality="L")), ensemble)
    assert record.laterality == "L"
    assert [view.projection for view in record.views] == ["MLO"]
    assert not {"unknown-laterality", "unknown-projection"} & {w.code for w in record.warnings}


def test_a_film_is_read_once_for_the_lesions_on_it(entries, ensemble, reads):
    both = ("CC", "MLO")
    table = entries(
        *(row("c", view, f"0-{view}.png", lesion=n) for n in "123" for view in both),
        *(row("d", view, f"1-{view}.png", lesion=n) for n in "12" for view in both),
    )
    assert len(list(classify_entries(table, ensemble))) == 5
    assert reads == ["0-CC.png", "0-MLO.png", "1-CC.png", "1-MLO.png"]


def test_films_that_lie_far_apart_in_the_manifest_are_read_again(entries, ensemble, reads):
    others = [row(str(n), "CC", f"{1 + n % 11}-CC.png") for n in range(LOOK_AHEAD)]
    table = entries(row("c", "CC", "0-CC.png"), *others, row("again", "CC", "0-CC.png"))
    list(classify_entries(table, ensemble))
    assert reads.count("0-CC.png") == 2


def test_lesions_that_are_drawn_together_come_in_the_order_of_the_manifest(entries, ensemble):
    table = entries(
        row("a", "CC", "0-CC.png"),
        *(row(f"b{n}", "CC", f"{n}-CC.png") for n in range(1, 11)),
        row("c", "CC", "0-CC.png"),
    )
    expected = ["a", *(f"b{n}" for n in range(1, 11)), "c"]
    assert names(classify_entries(table, ensemble)) == expected


def test_lesions_are_read_as_they_are_asked_for(entries, ensemble, reads):
    table = entries(*(row(f"case-{n}", "CC", f"{n}-CC.png") for n in range(12)))
    outcomes = classify_entries(table, ensemble)
    assert reads == []
    next(outcomes)
    assert len(reads) == LESIONS_AT_ONCE
    outcomes.close()
    assert len(reads) == LESIONS_AT_ONCE


def test_no_film_is_kept_once_its_lesions_are_cut(entries, ensemble, monkeypatch):
    import gc
    import weakref

    films, alive = [], []
    original = film_task.read_view

    def read(path, **options):
        view = original(path, **options)
        gc.collect()
        alive.append(sum(film() is not None for film in films))
        films.append(weakref.ref(view.pixels))
        return view

    monkeypatch.setattr(film_task, "read_view", read)
    table = entries(*(row(f"case-{n}", "CC", f"{n}-CC.png") for n in range(8)))
    list(classify_entries(table, ensemble))
    assert max(alive) == 0


def test_a_fault_of_the_program_is_no_failure_of_a_lesion(entries, ensemble, monkeypatch):
    """Only what a user can mend is a Failure; a defect must not be taken for bad input."""

    def defect(_path, **_options):
        raise ZeroDivisionError

    monkeypatch.setattr(film_task, "read_view", defect)
    with pytest.raises(ZeroDivisionError):
        list(classify_entries(entries(row("c", "CC", "0-CC.png")), ensemble))


def test_reading_a_lesion_by_itself_raises(entries, tmp_path):
    table = entries(row("c", "CC", "0-CC.png"))
    (tmp_path / "0-CC.png").unlink()
    with pytest.raises(InputError, match="does not exist"):
        read_lesion(table[0])

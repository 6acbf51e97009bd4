"""What was written is read back; what is damaged is refused, naming the file."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from mammopair.errors import InputError
from mammopair_research.crossval.predictions import COLUMNS, read_predictions, write_predictions
from mammopair_research.crossval.run_description import (
    FILE,
    PREDICTIONS,
    Predictor,
    read_cross_validation,
    write_cross_validation_run,
)
from Testing.synthetic_runs import predictions, write_run_folder


@pytest.fixture
def rows():
    return predictions("net", ("CC", "MLO"), (1, 2), skill=1.0)


@pytest.fixture
def refusal(tmp_path, rows):
    """Writes a table, changes its text, and gives the sentence with which it is refused."""

    def refuse(change):
        path = tmp_path / PREDICTIONS
        write_predictions(path, rows)
        changed = change(path.read_bytes())
        path.write_bytes(changed if isinstance(changed, bytes) else changed.encode())
        with pytest.raises(InputError) as caught:
            read_predictions(path)
        sentence = str(caught.value)
        assert str(path) in sentence
        assert "\n" not in sentence
        return sentence

    return refuse


def test_what_is_written_is_read_back_to_six_decimals(rows, tmp_path):
    path = tmp_path / PREDICTIONS
    write_predictions(path, rows)
    found = read_predictions(path)
    assert [replace(row, logit=0) for row in found] == [replace(row, logit=0) for row in rows]
    assert [row.logit for row in found] == pytest.approx([row.logit for row in rows], abs=1e-6)
    assert path.read_text("utf-8").partition("\n")[0] == ",".join(COLUMNS)


def test_a_table_that_ends_halfway_is_damaged(refusal):
    assert "ends in the middle of a line" in refusal(lambda content: content[:-3])


def test_a_value_that_cannot_be_is_refused_with_its_line(refusal):
    for old, new in [(b",CC,", b",XX,"), (b",0,0,1,", b",0,-1,1,"), (b",0,0,1,", b",x,0,1,")]:
        said = refusal(lambda content, old=old, new=new: content.replace(old, new, 1))
        assert "line 2: is damaged" in said


@pytest.mark.parametrize("logit", ["nan", "inf", "", "much"])
def test_a_logit_that_is_no_number_is_refused(refusal, logit):
    def spoil(content):
        head, line, rest = content.decode().split("\n", 2)
        return "\n".join([head, line.rpartition(",")[0] + "," + logit, rest])

    assert "line 2" in refusal(spoil)


def test_a_line_with_too_few_or_too_many_cells_is_refused(refusal):
    assert "line 2" in refusal(lambda content: content.replace(b",1,P00_LEFT,", b",", 1))
    assert "line 2" in refusal(lambda content: content.replace(b",1,P00_LEFT,", b",1,,,,P,", 1))


def test_a_missing_column_is_named(refusal):
    assert "has no column seed, logit" in refusal(lambda c: c.replace(b",seed,logit", b"", 1))


def test_no_rows_and_no_text_are_refused(refusal):
    assert "holds no predictions" in refusal(lambda content: content.split(b"\n")[0] + b"\n")
    assert "has no column" in refusal(lambda _: b"")
    assert "not text in UTF-8" in refusal(lambda _: b"\xff\xfe\x00")


def test_a_crop_that_is_predicted_twice_is_refused(refusal):
    said = refusal(lambda content: content + content.split(b"\n")[1] + b"\n")
    assert "predicts P00_CC.png twice with seed 1" in said


def test_a_patient_in_two_folds_is_refused(refusal):
    def move(content):
        first = content.decode().split("\n")[1]
        cells = first.split(",")
        cells[COLUMNS.index("fold")] = "2"
        return content.decode().replace(first, ",".join(cells), 1)

    assert "has patient P00 in folds 2 and 0" in refusal(move)


def test_a_missing_table_and_a_missing_run_say_how_to_make_them(tmp_path):
    with pytest.raises(
        InputError, match=r"predictions\.csv: is missing; run `mammopair-research crossval`"
    ):
        read_predictions(tmp_path / PREDICTIONS)
    with pytest.raises(InputError, match=r"run\.json: is missing; a run is a folder"):
        read_cross_validation(tmp_path)


def test_a_run_is_read_back_with_its_predictions(tmp_path, rows):
    held_out = read_cross_validation(write_run_folder(tmp_path / "net", seeds=(1, 2)))
    assert held_out.run.name == "net"
    assert held_out.run.finished
    assert len(held_out.predictions) == len(rows)


def test_predictions_of_another_run_are_refused(tmp_path):
    folder = write_run_folder(tmp_path / "net", seeds=(1, 2))
    run = read_cross_validation(folder).run
    for other in (
        replace(run, predictors=run.predictors[1:]),
        replace(run, predictors=[*run.predictors, Predictor(fold=1, seed=1)]),
        replace(run, views=["CC"]),
    ):
        write_cross_validation_run(other, folder)
        with pytest.raises(InputError, match=r"does not belong to the run\.json beside it"):
            read_cross_validation(folder)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"schema": 2}', '{"schema": 1, "colour": 3}'])
def test_what_is_no_run_is_refused(tmp_path, content):
    folder = write_run_folder(tmp_path / "net")
    (folder / FILE).write_text(content)
    with pytest.raises(InputError, match=r"run\.json: does not describe a run"):
        read_cross_validation(folder)

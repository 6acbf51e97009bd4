"""Runs and predictions are read back unchanged; damaged files raise an error that names them."""

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
def error_of(tmp_path, rows):
    """Return a function that damages a written table and returns the error message."""

    def read_damaged(change):
        path = tmp_path / PREDICTIONS
        write_predictions(path, rows)
        changed = change(path.read_bytes())
        path.write_bytes(changed if isinstance(changed, bytes) else changed.encode())
        with pytest.raises(InputError) as caught:
            read_predictions(path)
        message = str(caught.value)
        assert str(path) in message
        assert "\n" not in message
        return message

    return read_damaged


def test_predictions_are_read_back_with_six_decimals(rows, tmp_path):
    path = tmp_path / PREDICTIONS
    write_predictions(path, rows)
    found = read_predictions(path)
    assert [replace(row, logit=0) for row in found] == [replace(row, logit=0) for row in rows]
    assert [row.logit for row in found] == pytest.approx([row.logit for row in rows], abs=1e-6)
    assert path.read_text("utf-8").partition("\n")[0] == ",".join(COLUMNS)


def test_a_truncated_table_is_rejected(error_of):
    assert "is truncated in the last line" in error_of(lambda content: content[:-3])


def test_an_invalid_value_is_rejected_with_its_line(error_of):
    for old, new in [(b",CC,", b",XX,"), (b",0,0,1,", b",0,-1,1,"), (b",0,0,1,", b",x,0,1,")]:
        message = error_of(lambda content, old=old, new=new: content.replace(old, new, 1))
        assert "line 2: is damaged" in message


@pytest.mark.parametrize("logit", ["nan", "inf", "", "much"])
def test_a_logit_that_is_not_a_number_is_rejected(error_of, logit):
    def damage(content):
        head, line, rest = content.decode().split("\n", 2)
        return "\n".join([head, line.rpartition(",")[0] + "," + logit, rest])

    assert "line 2" in error_of(damage)


def test_a_line_with_too_few_or_too_many_cells_is_rejected(error_of):
    assert "line 2" in error_of(lambda content: content.replace(b",1,P00_LEFT,", b",", 1))
    assert "line 2" in error_of(lambda content: content.replace(b",1,P00_LEFT,", b",1,,,,P,", 1))


def test_a_missing_column_is_named(error_of):
    assert "lacks the columns seed, logit" in error_of(lambda c: c.replace(b",seed,logit", b"", 1))


def test_an_empty_table_and_binary_content_are_rejected(error_of):
    assert "has no predictions" in error_of(lambda content: content.split(b"\n")[0] + b"\n")
    assert "lacks the columns" in error_of(lambda _: b"")
    assert "not UTF-8 text" in error_of(lambda _: b"\xff\xfe\x00")


def test_two_predictions_of_one_crop_by_one_predictor_are_rejected(error_of):
    message = error_of(lambda content: content + content.split(b"\n")[1] + b"\n")
    assert "has two predictions of P00_CC.png with seed 1" in message


def test_a_patient_in_two_folds_is_rejected(error_of):
    def move(content):
        first = content.decode().split("\n")[1]
        cells = first.split(",")
        cells[COLUMNS.index("fold")] = "2"
        return content.decode().replace(first, ",".join(cells), 1)

    assert "has patient P00 in folds 2 and 0" in error_of(move)


def test_errors_for_missing_files_name_the_command_that_writes_them(tmp_path):
    with pytest.raises(
        InputError, match=r"predictions\.csv: is missing; run `mammopair-research crossval`"
    ):
        read_predictions(tmp_path / PREDICTIONS)
    with pytest.raises(
        InputError, match=r"run\.json: is missing; give a folder that `mammopair-research"
    ):
        read_cross_validation(tmp_path)


def test_a_run_is_read_back_with_its_predictions(tmp_path, rows):
    found = read_cross_validation(write_run_folder(tmp_path / "net", seeds=(1, 2)))
    assert found.run.name == "net"
    assert found.run.finished
    assert len(found.predictions) == len(rows)


def test_predictions_of_another_run_are_rejected(tmp_path):
    folder = write_run_folder(tmp_path / "net", seeds=(1, 2))
    run = read_cross_validation(folder).run
    for other in (
        replace(run, predictors=run.predictors[1:]),
        replace(run, predictors=[*run.predictors, Predictor(fold=1, seed=1)]),
        replace(run, views=["CC"]),
    ):
        write_cross_validation_run(other, folder)
        with pytest.raises(InputError, match=r"has other predictors or views than the run\.json"):
            read_cross_validation(folder)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"schema": 1}', b'{"schema": 2, "colour": 3}', b'{"\xff": 1}']
)
def test_an_invalid_run_description_is_rejected(tmp_path, content):
    folder = write_run_folder(tmp_path / "net")
    (folder / FILE).write_bytes(content)
    problem = r"run\.json: is not valid: .*; run the cross-validation again"
    with pytest.raises(InputError, match=problem):
        read_cross_validation(folder)

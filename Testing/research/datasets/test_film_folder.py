"""Whole films of a crop folder: geometry, and errors that name file and line."""

from __future__ import annotations

import numpy as np
import pytest

from mammopair.errors import InputError
from mammopair.io.crop_folder import read_index
from mammopair.view import Box, Laterality, Projection
from mammopair_research.datasets.film_folder import FilmRow, read_film, read_film_index
from Testing.synthetic_lesions import write_crop_folder, write_png

HEAD = "file,aspect_hw,mm_per_col,mm_per_row,scanner\n"


def test_a_film_has_separate_row_and_column_spacings(crop_folder, tmp_path):
    (tmp_path / "films.csv").write_text(HEAD + "films/a.png,2.0,0.19,0.38,LUMISYS\n")
    write_png(tmp_path / "films/a.png", np.linspace(0, 1, 600, dtype=np.float32).reshape(20, 30))
    films = read_film_index(tmp_path)
    assert films == {"films/a.png": FilmRow(file="films/a.png", mm_per_col=0.19, mm_per_row=0.38)}
    row = read_index(crop_folder)[0]
    view = read_film(tmp_path, row, films["films/a.png"])
    assert view.pixels.shape == (20, 30)
    assert (view.spacing.row, view.spacing.column) == (0.38, 0.19)
    assert view.laterality == Laterality.LEFT
    assert view.projection == Projection.CC
    assert view.patient_id == row.patient_id


def test_a_folder_without_films_has_none(tmp_path):
    assert read_film_index(tmp_path) == {}


def test_a_crop_has_a_box_on_its_film_only_if_the_table_has_one(tmp_path):
    folder = write_crop_folder(tmp_path, patients=1)
    assert {row.film_box for row in read_index(folder)} == {None}
    table = (folder / "crops.csv").read_text().splitlines()
    table[0] += ",film,film_box_x,film_box_y,film_box_w,film_box_h"
    table[1] += ",films/a.png,10,20,30.5,40"
    table[2] += ",,,,,"
    (folder / "crops.csv").write_text("\n".join(table) + "\n")
    first, second = read_index(folder)
    assert first.film_box == Box(10, 20, 30.5, 40)
    assert second.film_box is None


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ("films/a.png,2.0,0,0.3,X", "mm_per_col"),
        ("films/a.png,2.0,0.2,wide,X", "mm_per_row"),
    ],
)
def test_an_invalid_spacing_is_rejected_with_its_line(line, field, tmp_path):
    (tmp_path / "films.csv").write_text(HEAD + "films/b.png,2,0.2,0.3,X\n" + line + "\n")
    with pytest.raises(InputError, match=rf"films\.csv, line 3: .*{field}"):
        read_film_index(tmp_path)


def test_a_table_without_spacing_is_rejected(tmp_path):
    (tmp_path / "films.csv").write_text("file,mm_per_row\nfilms/a.png,0.2\n")
    with pytest.raises(InputError, match="mm_per_col"):
        read_film_index(tmp_path)


def test_a_missing_film_is_named(crop_folder, tmp_path):
    film = FilmRow(file="films/gone.png", mm_per_col=0.2, mm_per_row=0.3)
    with pytest.raises(InputError, match=r"gone\.png"):
        read_film(tmp_path, read_index(crop_folder)[0], film)

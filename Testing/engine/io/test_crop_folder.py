"""A crop folder is read completely or rejected with a message that names line and field."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from mammopair.errors import InputError
from mammopair.io.crop_folder import read_crop, read_index
from mammopair.lesion_groups import lesion_name
from mammopair.view import Acquisition, Laterality, Projection, Spacing, SpacingMeaning
from Testing.synthetic_mammograms import breast

HEADER = (
    "patient_id,laterality,view,abnormality_id,label,file,"
    "lesion_x,lesion_y,lesion_w,lesion_h,mm_per_crop_px,pair_id,usable"
)
CC = "P1,LEFT,CC,1,1,a.png,10,20,30,40,0.2,P1_LEFT_1,1"
MLO = "P1,LEFT,MLO,1,1,b.png,11,21,31,41,,P1_LEFT_1,"
UNUSABLE = "P2,RIGHT,CC,1,0,missing.png,10,20,30,40,0.2,,0"


@pytest.fixture
def write(tmp_path):
    """Returns a function that writes ``crops.csv`` next to the images that it names."""
    for name in ("a.png", "b.png"):
        Image.fromarray(breast(64, 64, bits=8)).save(tmp_path / name)

    def write_index(*lines, header=HEADER):
        (tmp_path / "crops.csv").write_text("\n".join([header, *lines, ""]))
        return tmp_path

    return write_index


def test_usable_rows_are_read_in_order_with_defaults_for_empty_cells(write):
    first, second = read_index(write(CC, UNUSABLE, MLO))
    assert (first.file, second.file) == ("a.png", "b.png")
    assert (first.box.x, first.box.y, first.box.width, first.box.height) == (10, 20, 30, 40)
    assert (second.mm_per_crop_px, second.usable, second.film_box) == (None, 1, None)
    assert lesion_name(first) == lesion_name(second) == "P1_LEFT_1"


def test_a_crop_is_a_view_of_a_digitised_film(write):
    folder = write(CC, MLO)
    first, second = (read_crop(folder, row) for row in read_index(folder))
    assert np.array_equal(first.pixels, breast(64, 64, bits=8) / np.float32(255))
    assert (first.laterality, first.projection) == (Laterality.LEFT, Projection.CC)
    assert (first.patient_id, first.acquisition) == ("P1", Acquisition.FILM)
    assert first.spacing == Spacing(0.2, 0.2, SpacingMeaning.FILM)
    assert second.spacing is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("LEFT", "both"), "laterality is 'both'; it must be LEFT or RIGHT"),
        (("CC", "LM"), "view is 'LM'; it must be CC or MLO"),
        ((",1,1,a", ",1,2,a"), "label is '2'; it must be 1 (malignant) or 0 (benign)"),
        (("30", "wide"), "lesion_w is 'wide'; it must be a number above 0"),
        (("10", "nan"), "lesion_x is 'nan'; it must be a number"),
        (("0.2", "0"), "mm_per_crop_px is '0'; it must be a number above 0 or empty"),
        (("P1,", " ,"), "patient_id is empty; every row needs a value"),
    ],
)
def test_an_invalid_value_is_reported_with_line_and_field(write, change, message):
    folder = write(MLO, CC.replace(*change, 1))
    with pytest.raises(InputError) as caught:
        read_index(folder)
    assert str(caught.value) == f"{folder / 'crops.csv'}, line 3: {message}"


@pytest.mark.parametrize(
    ("lines", "header", "message"),
    [
        ([CC], HEADER.replace("lesion_w", "width"), "has no column lesion_w"),
        ([UNUSABLE], HEADER, "contains no usable row"),
        ([CC, CC], HEADER, "names a.png twice"),
        ([CC, MLO.replace("b.png", "c.png")], HEADER, "names c.png, which is not in the folder"),
    ],
)
def test_an_index_that_does_not_match_its_folder_is_rejected(write, lines, header, message):
    with pytest.raises(InputError, match=message):
        read_index(write(*lines, header=header))


def test_a_folder_without_index_is_rejected(tmp_path):
    with pytest.raises(InputError, match=r"crops\.csv: is missing; the folder must contain"):
        read_index(tmp_path)

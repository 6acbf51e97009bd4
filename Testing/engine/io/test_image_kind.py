"""Masks are recognised by their pixels, and mammograms of few values are not masks."""

import numpy as np
import pytest
from PIL import Image

from mammopair.io.image_kind import is_mask
from Testing.synthetic_mammograms import breast, film

FILM = film(640, 480)
ROWS, COLUMNS = np.mgrid[:640, :480]
REGION = np.hypot(ROWS - 300, (COLUMNS - 150) / 1.4) < 30


@pytest.mark.parametrize("kind", [np.uint8, np.int16, np.uint16, np.float32])
@pytest.mark.parametrize("values", [(0, 1), (0, 127), (9, 3)])
def test_two_values_are_a_mask(kind, values):
    assert is_mask(np.where(REGION, values[0], values[1]).astype(kind))


@pytest.mark.parametrize("quality", [95, 75, 40])
def test_a_mask_is_recognised_after_lossy_compression(tmp_path, quality):
    path = tmp_path / "mask.jpg"
    Image.fromarray(np.where(REGION, np.uint8(255), np.uint8(0))).save(path, quality=quality)
    assert is_mask(np.asarray(Image.open(path)))


def test_a_resampled_mask_is_recognised():
    mask = Image.fromarray(np.where(REGION, np.uint8(255), np.uint8(0)))
    assert is_mask(np.asarray(mask.resize((400, 530), Image.Resampling.BILINEAR)))


def with_outlier(value):
    pixels = FILM.copy()
    pixels[0, 0] = value
    return pixels


def with_frame(value):
    pixels = FILM.copy()
    pixels[:30], pixels[-30:] = value, value
    return pixels


def of_a_small_breast():
    """The breast and a white label in a large frame of air."""
    pixels = np.zeros((2000, 2000), np.uint16)
    pixels[600:1240, :480] = FILM
    pixels[100:140, 1800:1900] = 4095
    return pixels


@pytest.mark.parametrize(
    "pixels",
    [
        FILM,
        4095 - FILM,
        (FILM >> 4).astype(np.uint8),
        breast(200, 150),
        with_outlier(65535),
        with_frame(65535),
        np.clip(FILM, 0, 300),
        of_a_small_breast(),
        np.array([[0, 65535], [1, 256]], np.uint16),
    ],
    ids=[
        "film",
        "inverted",
        "8 bits",
        "breast",
        "outlier",
        "frame",
        "saturated",
        "small",
        "4 pixels",
    ],
)
def test_a_mammogram_is_no_mask(pixels):
    assert not is_mask(pixels)

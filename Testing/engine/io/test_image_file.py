"""PNG, TIFF, JPEG, NRRD and MetaImage as views."""

import numpy as np
import pytest
import SimpleITK
from PIL import Image

from mammopair.errors import InputError
from mammopair.io.reader import read_view
from mammopair.view import Laterality, Projection, SpacingMeaning
from Testing.synthetic_mammograms import breast

BYTES = breast(40, 30, bits=8)
WORDS = breast(40, 30, bits=16)
PILLOW = (".png", ".tif")
ITK = (".nrrd", ".mha", ".mhd", ".nhdr")


def write(path, picture, **options):
    if path.suffix in ITK:
        image = SimpleITK.GetImageFromArray(picture, isVector=options.get("is_vector", False))
        if "spacing" in options:
            image.SetSpacing(options["spacing"])
        SimpleITK.WriteImage(image, str(path), useCompression=options.get("compressed", False))
    else:
        Image.fromarray(picture).save(path, **options)
    return path


def codes_of(view):
    return [warning.code for warning in view.warnings]


@pytest.mark.parametrize("suffix", PILLOW + ITK)
@pytest.mark.parametrize("picture", [BYTES, WORDS], ids=["8 bits", "16 bits"])
def test_unsigned_integers_are_scaled_by_the_range_of_their_type(tmp_path, suffix, picture):
    half = (picture // 2).astype(picture.dtype)
    view = read_view(write(tmp_path / f"view{suffix}", half))
    assert view.pixels.dtype == np.float32
    assert view.pixels == pytest.approx(half / np.iinfo(picture.dtype).max)


@pytest.mark.parametrize("suffix", [".tif", *ITK])
def test_floats_are_scaled_by_the_range_of_the_image(tmp_path, suffix):
    picture = (WORDS / 1000.0 - 20).astype(np.float32)
    view = read_view(write(tmp_path / f"view{suffix}", picture))
    assert view.pixels == pytest.approx(WORDS / 65535, abs=1e-5)


def test_signed_integers_are_scaled_by_the_range_of_the_image(tmp_path):
    picture = breast(40, 30, bits=12).astype(np.int16)
    view = read_view(write(tmp_path / "view.nrrd", picture))
    assert view.pixels == pytest.approx(picture / 4095)


def test_a_greyscale_jpeg_is_read_with_a_warning(tmp_path):
    view = read_view(write(tmp_path / "view.jpg", BYTES, quality=95))
    assert np.abs(view.pixels - BYTES / 255).mean() < 0.02
    assert "lossy-compression" in codes_of(view)


def test_compressed_and_big_endian_files_are_read(tmp_path):
    plain = read_view(write(tmp_path / "plain.mha", WORDS)).pixels
    packed = read_view(write(tmp_path / "packed.nrrd", WORDS, compressed=True)).pixels
    image = Image.fromarray(WORDS.astype(">u2").view(">u2"))
    image.save(tmp_path / "big.tif", compression="tiff_lzw")
    big = read_view(tmp_path / "big.tif").pixels
    assert (plain == packed).all()
    assert (plain == big).all()


def test_twelve_bits_stored_in_sixteen_cause_a_warning(tmp_path):
    assert "narrow-range" in codes_of(read_view(write(tmp_path / "dim.png", WORDS >> 4)))
    assert "narrow-range" not in codes_of(read_view(write(tmp_path / "full.png", WORDS)))


@pytest.mark.parametrize("suffix", ITK)
def test_spacing_is_read_from_the_file(tmp_path, suffix):
    spacing = read_view(write(tmp_path / f"view{suffix}", WORDS, spacing=(0.1, 0.2))).spacing
    assert (spacing.row, spacing.column) == (pytest.approx(0.2), pytest.approx(0.1))
    assert spacing.meaning is SpacingMeaning.DECLARED


@pytest.mark.parametrize(
    ("suffix", "line"), [(".mha", b"ElementSpacing"), (".nrrd", b"space directions")]
)
def test_a_missing_spacing_is_unknown_and_not_one_millimetre(tmp_path, suffix, line):
    path = write(tmp_path / f"view{suffix}", WORDS)
    lines = path.read_bytes().split(b"\n")
    kept = [one for one in lines if not one.startswith(line)]
    assert len(kept) == len(lines) - 1
    path.write_bytes(b"\n".join(kept))
    view = read_view(path)
    assert view.spacing is None
    assert "no-spacing" in codes_of(view)


@pytest.mark.parametrize("suffix", PILLOW)
def test_dots_per_inch_are_used_only_where_plausible_for_a_mammogram(tmp_path, suffix):
    fine = read_view(write(tmp_path / f"fine{suffix}", WORDS, dpi=(508, 254))).spacing
    assert (fine.column, fine.row) == (pytest.approx(0.05, rel=1e-3), pytest.approx(0.1, rel=1e-3))
    assert read_view(write(tmp_path / f"screen{suffix}", WORDS, dpi=(72, 72))).spacing is None
    assert read_view(write(tmp_path / f"none{suffix}", WORDS)).spacing is None


@pytest.mark.parametrize(
    ("name", "laterality", "projection"),
    [
        ("P_00173_LEFT_CC", Laterality.LEFT, Projection.CC),
        ("lcc", Laterality.LEFT, Projection.CC),
        ("case R-MLO", Laterality.RIGHT, Projection.MLO),
        ("IMG_0001", None, None),
    ],
)
def test_laterality_and_projection_are_read_from_an_unambiguous_file_name(
    tmp_path, name, laterality, projection
):
    view = read_view(write(tmp_path / f"{name}.png", WORDS))
    assert (view.laterality, view.projection) == (laterality, projection)
    assert view.patient_id == ""
    assert ("unknown-laterality" in codes_of(view)) == (laterality is None)
    assert ("unknown-projection" in codes_of(view)) == (projection is None)


@pytest.mark.parametrize("suffix", [".tif", ".nrrd", ".mha"])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_finite_are_rejected(tmp_path, suffix, bad):
    picture = WORDS.astype(np.float32)
    picture[3, 4] = bad
    with pytest.raises(InputError, match="not finite"):
        read_view(write(tmp_path / f"view{suffix}", picture))


@pytest.mark.parametrize("suffix", PILLOW + ITK)
def test_a_colour_image_is_rejected(tmp_path, suffix):
    picture = np.stack([BYTES, BYTES, BYTES], axis=-1)
    with pytest.raises(InputError, match="is a colour"):
        read_view(write(tmp_path / f"view{suffix}", picture, is_vector=True))


@pytest.mark.parametrize("mode", ["P", "1", "LA", "RGBA", "CMYK"])
def test_palette_binary_and_transparent_images_are_rejected(tmp_path, mode):
    image = Image.fromarray(BYTES).convert("RGB").convert(mode)
    image.save(tmp_path / "view.tif")
    with pytest.raises(InputError, match="export it as greyscale"):
        read_view(tmp_path / "view.tif")


@pytest.mark.parametrize("suffix", ITK)
def test_a_volume_is_rejected_unless_it_has_a_single_slice(tmp_path, suffix):
    with pytest.raises(InputError, match="has 2 slices"):
        read_view(write(tmp_path / f"two{suffix}", np.stack([WORDS, WORDS])))
    view = read_view(write(tmp_path / f"one{suffix}", WORDS[None], spacing=(0.1, 0.2, 1)))
    assert view.pixels == pytest.approx(WORDS / 65535)


def test_an_image_of_several_pages_is_rejected(tmp_path):
    page = Image.fromarray(BYTES)
    page.save(tmp_path / "view.tif", save_all=True, append_images=[page])
    with pytest.raises(InputError, match="has 2 pages"):
        read_view(tmp_path / "view.tif")


@pytest.mark.parametrize("suffix", PILLOW + ITK)
def test_an_image_with_a_single_value_is_rejected(tmp_path, suffix):
    with pytest.raises(InputError, match="value 7 in every pixel"):
        read_view(write(tmp_path / f"view{suffix}", np.full_like(WORDS, 7)))


@pytest.mark.parametrize("suffix", [*PILLOW, ".jpg", ".nrrd", ".mha"])
@pytest.mark.parametrize("share", [0.2, 0.7])
def test_a_truncated_file_is_rejected(tmp_path, suffix, share):
    picture = BYTES if suffix == ".jpg" else WORDS
    path = write(tmp_path / f"view{suffix}", picture)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(InputError, match=r"export it again|select a file in"):
        read_view(path)


def test_an_image_without_rows_is_rejected(tmp_path):
    path = write(tmp_path / "view.mha", WORDS)
    path.write_bytes(path.read_bytes().replace(b"DimSize = 30 40", b"DimSize = 30 0"))
    with pytest.raises(InputError):
        read_view(path)


def test_the_content_and_not_the_suffix_selects_the_format(tmp_path):
    path = write(tmp_path / "view.png", WORDS).rename(tmp_path / "view.dcm")
    assert read_view(path).pixels == pytest.approx(WORDS / 65535)
    path = write(tmp_path / "view.nrrd", WORDS).rename(tmp_path / "view.mha")
    assert read_view(path).pixels == pytest.approx(WORDS / 65535)

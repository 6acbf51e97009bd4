"""Plug-in, engine and DICOM standard agree on every row of a table of synthetic mammograms."""

from __future__ import annotations

from itertools import combinations, product

import numpy as np
import pytest
from pydicom.uid import JPEGBaseline8Bit

from Testing.slicer.mammogram_table import CHOICES, Row, expect, pairwise_rows
from Testing.slicer_host.host import start_host
from Testing.synthetic_mammograms import LOSSY, write_mammogram

TABLE = pairwise_rows()
SAME = 1e-5
"""Largest difference of two pixels, relative to black to white: less than a step of 16 bits."""


@pytest.fixture(scope="module")
def plugin():
    """The plug-in in one host for all rows."""
    with start_host() as host:
        import slicer

        host.register_module("DICOMMammographyPlugin")
        yield slicer.modules.dicomPlugins["DICOMMammographyPlugin"]()


def load(plugin, path):
    """Load a file into an empty scene; return its loadable and its volume."""
    import slicer

    slicer.mrmlScene.Clear(False)
    (loadable,) = plugin.examineForImport([[str(path)]])
    return loadable, plugin.load(loadable)


def matrix_of(volume):
    import vtk

    matrix = vtk.vtkMatrix4x4()
    volume.GetIJKToRASMatrix(matrix)
    return np.array([[matrix.GetElement(row, column) for column in range(4)] for row in range(4)])


def shown_by_slicer(volume):
    """The output of Slicer's display pipeline in [0, 1], ``(rows, columns)``."""
    from vtk.util.numpy_support import vtk_to_numpy

    connection = volume.GetDisplayNode().GetImageDataConnection()
    connection.GetProducer().Update()
    image = connection.GetProducer().GetOutputDataObject(connection.GetIndex())
    columns, rows, _one = image.GetDimensions()
    colours = vtk_to_numpy(image.GetPointData().GetScalars()).reshape(rows, columns, -1)
    return colours[..., 0] / 255


def test_the_table_has_every_pair_of_choices():
    attributes = list(CHOICES)
    for first, second in combinations(attributes, 2):
        met = {(getattr(row, first), getattr(row, second)) for row in TABLE}
        assert len(met) == len(CHOICES[first]) * len(CHOICES[second]), (first, second)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.title)
def test_plugin_engine_and_standard_agree(plugin, tmp_path, row: Row):
    from MammoClassifierLib.scene.volumes import viewFromVolume
    from mammopair.io.dicom import read_dicom

    expected = expect(row)
    path = write_mammogram(
        tmp_path / "view.dcm",
        expected.stored,
        bits=row.bits[0],
        transfer_syntax=row.syntax,
        **expected.attributes,
    )

    # The engine.
    view = read_dicom(path)
    assert np.abs(view.pixels - expected.shown).max() < SAME
    assert (view.laterality, view.projection) == (
        expected.side,
        "OTHER" if expected.projection == "ML" else expected.projection,
    )
    found = (view.spacing.row, view.spacing.column) if view.spacing else None
    assert found == (pytest.approx(expected.spacing) if expected.spacing else None)

    # The plug-in.
    loadable, volume = load(plugin, path)
    words = [expected.side or "?", expected.projection or "?"]
    words += ["magnification"] * (row.spacing == "imager, magnified")
    is_film = row.spacing == "scanned"
    words += ["secondary capture"] * (row.kind == "film" and not is_film)
    words += ["for processing"] * (row.kind == "processing")
    assert (loadable.name, volume.GetName()) == (" ".join(words), " ".join(words))

    assert_pixels(volume, expected, view)
    assert_geometry(volume, expected)

    # The module's view of the volume.
    seen = viewFromVolume(volume, view.projection or "CC", expected.side or "L")
    assert (seen.pixels == view.pixels).all()
    assert "edited-pixels" not in {warning.code for warning in seen.warnings}


@pytest.mark.parametrize("syntax", LOSSY, ids=lambda uid: uid.name)
def test_lossy_images_are_displayed_as_the_engine_reads_them(plugin, tmp_path, syntax):
    from mammopair.io.dicom import read_dicom

    bits = 8 if syntax == JPEGBaseline8Bit else 12
    window = {"WindowCenter": 2 ** (bits - 2), "WindowWidth": 2 ** (bits - 1)}
    grey = {"PhotometricInterpretation": "MONOCHROME1", "PresentationLUTShape": "INVERSE"}
    path = tmp_path / "view.dcm"
    write_mammogram(path, bits=bits, transfer_syntax=syntax, **window, **grey)
    _loadable, volume = load(plugin, path)
    assert np.abs(shown_by_slicer(volume) - read_dicom(path).pixels).max() < 1.01 / 255


def assert_pixels(volume, expected, view):
    """Check that the volume is bright where dense and displayed with the window of the file."""
    import slicer

    values = slicer.util.arrayFromVolume(volume)[0].astype(float)
    display = volume.GetDisplayNode()
    low, high = display.GetWindowLevelMin(), display.GetWindowLevelMax()
    if expected.windowed:
        assert np.abs(np.clip((values - low) / (high - low), 0, 1) - expected.shown).max() < SAME
        assert np.abs(shown_by_slicer(volume) - expected.shown).max() < 1.01 / 255
    else:  # the window is Slicer's to choose, and nothing is cut off
        slope, shift = np.polyfit(values.ravel(), expected.shown.ravel(), 1)
        assert np.abs(slope * values + shift - expected.shown).max() < SAME
        assert slope > 0


def assert_geometry(volume, expected):
    rows, columns = expected.stored.shape
    down, across = expected.spacing or (1.0, 1.0)
    assert volume.GetSpacing() == pytest.approx((across, down, 1.0))
    matrix = matrix_of(volume)
    assert np.linalg.det(matrix[:3, :3]) > 0
    # In an axial slice view R is at the left and A at the top: right and down are -R and -A.
    for i, j in product((0, columns - 1), (0, rows - 1)):
        place = -(matrix @ (i, j, 0, 1))[:2]
        i_shown = columns - 1 - i if expected.mirrored else i
        j_shown = rows - 1 - j if expected.flipped else j
        assert place == pytest.approx((i_shown * across, j_shown * down))

"""Slice view pixels of mammograms that the DICOM plug-in loaded."""

from __future__ import annotations

import numpy as np
import pytest
from pydicom.uid import JPEGLosslessSV1, SecondaryCaptureImageStorage

from Testing.slicer.module_user import CASES, PAIR, read_demo_view
from Testing.synthetic_mammograms import write_mammogram

REAL = sorted(path.relative_to(CASES).as_posix() for path in CASES.rglob("*.dcm"))


@pytest.fixture
def load(slicer_host):
    """Loads a file with the plug-in, as the DICOM module does."""
    import slicer

    slicer_host.register_module("DICOMMammographyPlugin")
    plugin = slicer.modules.dicomPlugins["DICOMMammographyPlugin"]()

    def load(path):
        slicer.dicomDatabase.insert(str(path), False)
        (loadable,) = plugin.examineForImport([[str(path)]])
        return plugin.load(loadable)

    return load


def shown(slicer_host, view="Red"):
    """The grey levels of a slice view within the volume, ``(rows, columns)``."""
    import slicer

    slicer.app.layoutManager().sliceWidget(view).fitSliceToBackground()
    pixels = slicer_host.slice_pixels(view).rgba
    rows, columns = (np.flatnonzero(pixels[..., 3].any(axis=axis)) for axis in (1, 0))
    return pixels[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1, 0].astype(float)


def fitted(picture, shape):
    """Resample an image to another size by area averaging."""
    from PIL import Image

    image = Image.fromarray(picture.astype(np.float32))
    return np.asarray(image.resize(shape[::-1], Image.Resampling.BILINEAR))


def alike(one, other):
    """The correlation of two images of any size, without their margins."""
    size = (60, 40)
    one, other = (fitted(picture, size)[2:-2, 2:-2].ravel() for picture in (one, other))
    return float(np.corrcoef(one, other)[0, 1])


@pytest.mark.parametrize("name", REAL)
def test_a_demo_film_is_displayed_upright_and_bright_where_dense(slicer_host, load, name):
    view = read_demo_view(CASES / name)
    volume = load(CASES / name)
    assert volume.GetName() == view.name
    picture = shown(slicer_host)
    middle = picture.shape[1] // 2
    left, right = picture[:, :middle], picture[:, -middle:]
    wall, air = (right, left) if view.laterality == "R" else (left, right)
    assert wall.mean() > 1.5 * air.mean(), "the chest wall is at the side of the breast"

    # These films are stored as they hang, or mirrored; none stands on its head.
    stored = view.pixels
    stored_wall = "L" if stored[:, : stored.shape[1] // 2].mean() > stored.mean() else "R"
    hung = stored if stored_wall == view.laterality else stored[:, ::-1]
    assert alike(picture, hung) > 0.97
    assert alike(picture, hung) > alike(picture, hung[::-1]) + 0.05


HUNG = {
    # Patient Orientation of a view that is stored as it hangs: rows lead, columns lead.
    ("R", "CC"): ("P", "L"),
    ("L", "CC"): ("A", "R"),
    ("R", "MLO"): ("P", "FL"),
    ("L", "MLO"): ("A", "FR"),
}
OPPOSITE = str.maketrans("APLRFH", "PARLHF")


def uneven():
    """An image without mirror symmetry."""
    down, right = np.mgrid[:90, :60]
    return (1500 + 1000 * (right > 20) + 1500 * (down < 30) * (right < 45)).astype(np.uint16)


@pytest.mark.parametrize("flipped", [False, True])
@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize(("side", "projection"), HUNG)
def test_every_stored_orientation_is_displayed_upright_in_red_and_in_the_module(
    slicer_host, load, tmp_path, side, projection, mirrored, flipped
):
    from MammoClassifierLib.views.hanging import hangVolume
    from MammoClassifierLib.views.layout import enterLayout

    rows_lead, columns_lead = HUNG[side, projection]
    stored = uneven()
    if mirrored:
        stored, rows_lead = stored[:, ::-1], rows_lead.translate(OPPOSITE)
    if flipped:
        stored, columns_lead = stored[::-1], columns_lead.translate(OPPOSITE)
    path = write_mammogram(
        tmp_path / "view.dcm",
        np.ascontiguousarray(stored),
        ImageLaterality=side,
        ViewPosition=projection,
        PatientOrientation=[rows_lead, columns_lead],
        ImagerPixelSpacing=[0.1, 0.2],
        WindowCenter=2750,
        WindowWidth=2500,
    )
    volume = load(path)
    picture = shown(slicer_host)
    assert alike(picture, uneven()) > 0.97
    assert picture.shape[0] / picture.shape[1] == pytest.approx(90 * 0.1 / (60 * 0.2), rel=0.03)

    enterLayout()
    # The module turns views chest wall to chest wall: CC to the right, MLO to the left.
    turned = hangVolume(projection, volume)
    assert turned == (((side, projection) in (("L", "CC"), ("R", "MLO"))) != mirrored)
    inner = uneven() if (side == "R") == (projection == "CC") else uneven()[:, ::-1]
    assert alike(shown(slicer_host, f"Mammo{projection}"), inner) > 0.97


# What went wrong in other viewers, each by its thread.

RAMP = np.arange(4096, dtype=np.uint16).reshape(64, 64)
CAPTURE = {
    "SOPClassUID": SecondaryCaptureImageStorage,
    "PresentationIntentType": None,
    "ImagerPixelSpacing": None,
}
MIDDLE = {"WindowCenter": 500, "WindowWidth": 401}
SHADED = np.clip((RAMP - 499.5) / 400 + 0.5, 0, 1)
BYTES = np.arange(256, dtype=np.uint8).reshape(16, 16)
ONLY_PIXELS, ONLY_SPACING = None, None


@pytest.mark.parametrize(
    ("stored", "attributes", "grey", "spacing"),
    [
        pytest.param(
            RAMP,
            {"WindowCenter": 3000, "WindowWidth": 1001},
            np.clip((RAMP - 2999.5) / 1000 + 0.5, 0, 1),
            ONLY_PIXELS,
            id="cornerstone3D 2236: greyer than its window",
        ),
        pytest.param(
            RAMP,
            {**MIDDLE, "PhotometricInterpretation": "MONOCHROME1", "PresentationLUTShape": None},
            1 - SHADED,
            ONLY_PIXELS,
            id="cornerstone3D 2215: inverted before its window",
        ),
        pytest.param(
            RAMP,
            {**MIDDLE, "PhotometricInterpretation": "MONOCHROME1"}
            | {"PresentationLUTShape": "INVERSE", "transfer_syntax": JPEGLosslessSV1},
            1 - SHADED,
            ONLY_PIXELS,
            id="Slicer through GDCM: pixels inverted and the window not",
        ),
        pytest.param(
            RAMP,
            {"ImagerPixelSpacing": [0.094, 0.085]},
            ONLY_SPACING,
            (0.094, 0.085),
            id="cornerstone3D 2057: Imager Pixel Spacing ignored",
        ),
        pytest.param(
            BYTES,
            {"bits": 8, "RescaleSlope": -10, "RescaleIntercept": 3000}
            | {"WindowCenter": 1725, "WindowWidth": 2551, "VOILUTFunction": "LINEAR"},
            np.clip((3000 - 10.0 * BYTES - 1724.5) / 2550 + 0.5, 0, 1),
            ONLY_PIXELS,
            id="OHIF 127: a negative slope",
        ),
        pytest.param(
            RAMP,
            {**CAPTURE, "PixelSpacing": [0.05, 0.06]},
            ONLY_SPACING,
            (0.05, 0.06),
            id="ITK 4111: Pixel Spacing of a secondary capture ignored",
        ),
        pytest.param(
            RAMP,
            {**CAPTURE, "PixelSpacing": [0.05, 0.06], "NominalScannedPixelSpacing": [0.042, 0.042]},
            ONLY_SPACING,
            (0.05, 0.06),
            id="GDCM 170: Nominal Scanned before Pixel Spacing",
        ),
        pytest.param(
            RAMP,
            {"PixelSpacing": [0.2, 0.1], "ImagerPixelSpacing": None},
            ONLY_SPACING,
            (0.2, 0.1),
            id="dcmqi 425: rows and columns of the spacing swapped",
        ),
        pytest.param(
            RAMP,
            {"ImagerPixelSpacing": [0.1, 0.1], "EstimatedRadiographicMagnificationFactor": 2},
            ONLY_SPACING,
            (0.05, 0.05),
            id="GDCM: magnification ignored",
        ),
        pytest.param(
            RAMP,
            {**MIDDLE, "VOILUTFunction": "SIGMOID"},
            1 / (1 + np.exp(-4 * (RAMP - 500.0) / 401)),
            ONLY_PIXELS,
            id="Slicer: SIGMOID ignored",
        ),
    ],
)
def test_known_bugs_of_other_viewers_do_not_occur(
    slicer_host, load, tmp_path, stored, attributes, grey, spacing
):
    import slicer

    volume = load(write_mammogram(tmp_path / "view.dcm", stored, **attributes))
    if spacing is not None:
        assert volume.GetSpacing()[:2] == pytest.approx(spacing[::-1])
    if grey is not None:
        display = volume.GetDisplayNode()
        low, high = display.GetWindowLevelMin(), display.GetWindowLevelMax()
        values = slicer.util.arrayFromVolume(volume)[0].astype(float)
        assert np.clip((values - low) / (high - low), 0, 1) == pytest.approx(grey, abs=1e-5)


def test_values_outside_the_files_window_are_kept(load, tmp_path):
    import slicer

    attributes = {"PhotometricInterpretation": "MONOCHROME1", "PresentationLUTShape": None}
    volume = load(write_mammogram(tmp_path / "view.dcm", RAMP, **MIDDLE, **attributes))
    values = slicer.util.arrayFromVolume(volume)[0]
    assert (values == 4095 - RAMP).all()
    assert values.dtype == RAMP.dtype


# Classification by the module.


def test_the_module_pairs_and_classifies_volumes_of_the_plugin(user, load):
    from MammoClassifierLib.ensemble_classifier import EnsembleClassifier
    from MammoClassifierLib.logic import MammoClassifierLogic
    from MammoClassifierLib.scene.breast_pairs import candidateVolumes, findBreasts
    from mammopair.classification import classify
    from mammopair.lesion import Lesion, MarkedView
    from mammopair.model.ensemble import load_ensemble
    from mammopair.view import Box

    volumes = {path: load(path) for path in sorted(user.exams.rglob("*.dcm"))}
    breasts = findBreasts(candidateVolumes())
    names = [(one.title.split()[0], one.cc.GetName()[:4], one.mlo.GetName()[:5]) for one in breasts]
    assert names == [("Right", "R CC", "R MLO"), ("Left", "L CC", "L MLO")] * 2

    pair = {projection: volumes[user.file(projection)] for projection in PAIR}
    assert {"CC": pair["CC"], "MLO": pair["MLO"]} in [{"CC": b.cc, "MLO": b.mlo} for b in breasts]
    marked = {}
    for projection, volume in pair.items():
        marked[projection] = slicer_roi()
        user.place(marked[projection], volume, user.box(projection))
    logic = MammoClassifierLogic(EnsembleClassifier())
    record = logic.classify(pair["CC"], marked["CC"], pair["MLO"], marked["MLO"])

    views = [MarkedView(read_demo_view(user.file(one)), Box(*user.box(one))) for one in PAIR]
    expected = classify(Lesion("case", "1", tuple(views)), load_ensemble())
    assert record.probability == pytest.approx(expected.probability, abs=1e-6)
    assert [one.code for one in record.warnings] == [one.code for one in expected.warnings]


def slicer_roi():
    import slicer

    return slicer.mrmlScene.AddNewNodeByClass("vtkMRMLMarkupsROINode", "Mass")

"""Boxes that are not the box of a mass: other formats, other pictures, air, and impossible sizes.

The film has 160 rows and 120 columns of 0.2 mm, the breast at its left edge, and a mass at about
x 22 to 38, y 64 to 80.
"""

from __future__ import annotations

import numpy as np

from Testing.field_cases.case import STORED, FieldCase, Marked, dicom, picture

MASS = (20.0, 62.0, 20.0, 20.0)
_STANDARD = "COCO, Pascal VOC and YOLO conventions: https://github.com/ultralytics/ultralytics"
_EMBED = "Emory-HITI/EMBED_Open_Data#9"
_VINDR = "VinDr-Mammo, finding_annotations.csv: xmin, ymin, xmax, ymax"
_YOLO = "SkalskiP/make-sense#150"
_OPEN_IMAGES = "openimages/dataset#75"
_LABEL_STUDIO = "Label Studio exports x, y, width and height in per cent of the image"
_SIBLING = "sibling"

_whole = dicom()
_without_spacing = dicom(ImagerPixelSpacing=None)
_mirrored = dicom(STORED[:, ::-1].copy())
_large = dicom(STORED.repeat(8, axis=0).repeat(8, axis=1))
_crop = dicom(STORED[56:88, 14:46].copy())
_png = picture((STORED << 4).astype(np.uint16))


def _refused(name, source, box, looks_like="box", build=_whole):
    expected = Marked(box=box, message=looks_like, refused=True)
    return FieldCase("boxes", name, source, build, expected)


def _warned(name, source, box, codes, looks_like="box", build=_whole):
    expected = Marked(box=box, warnings=tuple(codes.split()), message=looks_like)
    return FieldCase("boxes", name, source, build, expected)


CASES = (
    FieldCase("boxes", "the box of the mass", _STANDARD, _whole, Marked(box=MASS)),
    FieldCase("boxes", "the same without spacing", _SIBLING, _without_spacing, Marked(box=MASS)),
    FieldCase("boxes", "the same on a PNG", _SIBLING, _png, Marked(box=MASS)),
    _warned(
        "corners inside the image",
        _VINDR,
        (20, 62, 40, 82),
        "box-corners",
    ),
    _refused(
        "corners beyond the edge",
        _VINDR,
        (60, 62, 100, 92),
        r"corners x1 y1 x2 y2, for which box_w is x2 - x1 = 40 and box_h is y2 - y1 = 30",
    ),
    _refused(
        "corners row first",
        _EMBED,
        (62, 60, 152, 100),
        r"corners y1 x1 y2 x2, for which box_x is 60, box_y is 62, box_w is x2 - x1 = 40",
    ),
    _refused("corners of a large picture", _SIBLING, (320, 700, 640, 1000), "x1 y1", build=_large),
    _refused("fractions from the centre", _YOLO, (0.25, 0.45, 0.17, 0.13), "YOLO|centre"),
    _refused("fractions of corners", _OPEN_IMAGES, (0.17, 0.33, 0.39, 0.51), "fractions"),
    _refused("fractions up to 1", _SIBLING, (0, 0, 1, 1), "fractions", build=_png),
    _refused("per cent", _LABEL_STUDIO, (16.7, 38.8, 3.3, 2.5), "percentages"),
    _warned("per cent of a large mass", _LABEL_STUDIO, (17, 38, 9, 8), "box-size", "percentages"),
    _warned(
        "per cent of a large picture",
        _LABEL_STUDIO,
        (2, 60, 30, 20),
        "box-percentages",
        build=dicom(STORED[40:].repeat(8, axis=0).repeat(8, axis=1)),
    ),
    _refused(
        "pixels of the full film on a small export",
        "sibling of Emory-HITI/EMBED_Open_Data#9",
        (160, 496, 160, 160),
        "larger copy of the image",
    ),
    _warned(
        "from the centre at the edge",
        _YOLO,
        (104, 72, 20, 20),
        "box-over-edge",
        "if the values are those of the centre, box_x is 94 and box_y is 62",
        build=_mirrored,
    ),
    _refused("far over the edge", _SIBLING, (20, 62, 160, 20), "60 columns|corners"),
    _refused("negative start", _SIBLING, (-30, 62, 60, 20)),
    _warned("slightly over the edge", _SIBLING, (-3, 62, 20, 20), "box-over-edge"),
    FieldCase("boxes", "one pixel over the edge", _SIBLING, _whole, Marked(box=(-1.0, 62, 20, 20))),
    _refused("a point", _SIBLING, (30, 72, 1, 1), build=_png),
    _refused("3 pixels", _SIBLING, (30, 72, 3, 3)),
    _warned("2 mm", _SIBLING, (25, 67, 10, 10), "box-size"),
    _warned("thin", _SIBLING, (5, 70, 55, 6), "box-shape"),
    _refused(
        "more than 10 cm", _SIBLING, (200, 300, 520, 250), "larger than any mass", build=_large
    ),
    _warned("most of the image", _SIBLING, (2, 62, 80, 30), "box-size", build=_without_spacing),
    _warned(
        "the whole breast",
        _SIBLING,
        (0, 24, 72, 92),
        "box-corners box-size",
        build=_without_spacing,
    ),
    _warned("most of a crop", _SIBLING, (4, 4, 24, 24), "box-corners box-size", build=_crop),
    _refused("on the air", _EMBED, (92, 10, 20, 20)),
    _refused("on the air of a PNG", _SIBLING, (92, 10, 20, 20), build=_png),
    _refused("marked before mirroring", _SIBLING, MASS, "mirrored after it was", build=_mirrored),
    _warned("half on the air", _SIBLING, (55, 60, 40, 40), "box-on-air"),
)

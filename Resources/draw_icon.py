"""Draws the icon of the extension and of the module: two views of a breast and the evidence.

    python Resources/draw_icon.py

Two breasts in profile stand chest wall to chest wall, as CC and MLO hang in the module; on each is
a spiculated mass, in the colour of evidence for malignancy.
"""

from __future__ import annotations

import math
from pathlib import Path

from PIL import Image, ImageChops, ImageDraw, ImageFilter

REPOSITORY = Path(__file__).resolve().parents[1]
TARGETS = (
    REPOSITORY / "Resources" / "MammoClassifier.png",
    REPOSITORY / "MammoClassifier" / "Resources" / "Icons" / "MammoClassifier.png",
)
SIDE = 128
FINER = 8
"""Drawn so many times larger, then reduced: smooth edges."""

NIGHT = (18, 26, 44)
TISSUE = (203, 213, 225)
SHADE = (112, 128, 150)
FOR_MALIGNANCY = (255, 112, 46)
MASS = (255, 250, 240)


def scaled(*numbers: float) -> list[float]:
    """Numbers in icon pixels as numbers on the large canvas."""
    return [number * FINER for number in numbers]


def star(x: float, y: float) -> list[tuple[float, float]]:
    """Corners of a spiculated mass around a place, on the large canvas."""
    spicules = 11
    corners = []
    for corner in range(2 * spicules):
        # Every other corner is a tip; tips differ in length, as spicules do.
        reach = 6.0 if corner % 2 else 12.5 + 3.0 * math.cos(2.1 * corner)
        angle = math.pi * corner / spicules
        corners.append(
            (FINER * (x + reach * math.sin(angle)), FINER * (y + reach * math.cos(angle)))
        )
    return corners


def half(droop: float, mass: tuple[float, float]) -> Image.Image:
    """The right half of the icon: one breast, its chest wall on the left edge.

    Parameters
    ----------
    droop
        How far the nipple lies below the middle, in icon pixels.
    mass
        Centre of the mass, in icon pixels from the half's top left.
    """
    wide, high = int(SIDE / 2 * FINER), SIDE * FINER
    outline = Image.new("L", (wide, high), 0)
    pen = ImageDraw.Draw(outline)
    pen.ellipse(scaled(-50, 20 + droop / 2, 50, 108 + droop), fill=255)
    pen.polygon(scaled(0, 12, 0, 64, 44, 46 + droop / 2, 22, 22 + droop / 3), fill=255)
    pen.ellipse(scaled(46, 60 + droop, 54, 70 + droop), fill=255)
    outline = outline.filter(ImageFilter.GaussianBlur(2.5 * FINER)).point(
        lambda value: 255 if value > 127 else 0
    )
    # Denser towards the nipple, darker at the skin: the look of a mammogram.
    dense = outline.filter(ImageFilter.GaussianBlur(9 * FINER))
    picture = Image.new("RGB", (wide, high), NIGHT)
    picture.paste(
        Image.composite(
            Image.new("RGB", (wide, high), TISSUE), Image.new("RGB", (wide, high), SHADE), dense
        ),
        mask=outline,
    )

    x, y = mass
    glow = Image.new("L", (wide, high), 0)
    ImageDraw.Draw(glow).ellipse(scaled(x - 15, y - 15, x + 15, y + 15), fill=190)
    glow = ImageChops.multiply(glow.filter(ImageFilter.GaussianBlur(5 * FINER)), outline)
    picture.paste(Image.new("RGB", (wide, high), FOR_MALIGNANCY), mask=glow)
    ImageDraw.Draw(picture).polygon(star(x, y), fill=MASS)
    return picture


def icon() -> Image.Image:
    """The icon, 128 x 128, on a tile with round corners."""
    size = SIDE * FINER
    canvas = Image.new("RGB", (size, size), NIGHT)
    canvas.paste(half(droop=0, mass=(26, 80)).transpose(Image.Transpose.FLIP_LEFT_RIGHT), (0, 0))
    canvas.paste(half(droop=10, mass=(24, 56)), (size // 2, 0))
    middle = ImageDraw.Draw(canvas)
    middle.line([size / 2, 0, size / 2, size], fill=NIGHT, width=3 * FINER)
    tile = Image.new("L", (size, size), 0)
    ImageDraw.Draw(tile).rounded_rectangle([0, 0, size - 1, size - 1], 22 * FINER, fill=255)
    canvas = canvas.convert("RGBA")
    canvas.putalpha(tile)
    return canvas.resize((SIDE, SIDE), Image.Resampling.LANCZOS)


if __name__ == "__main__":
    for target in TARGETS:
        icon().save(target, optimize=True)

"""How many correct boxes are rejected or cause a warning, and how many wrong ones do not.

Run from the root of the repository; DATA contains ``crops.csv`` and ``films.csv``::

    python -m Testing.benchmarks.box_checks DATA

The boxes are those of the masses on the training films, as they are and in wrong formats.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from mammopair.box_checks import check_box
from mammopair.errors import InputError
from mammopair.io.crop_folder import read_index
from mammopair.view import Box, View
from mammopair_research.datasets.film_folder import read_film, read_film_index

Change = Callable[[View, Box], tuple[View, Box]]


def correct(view: View, box: Box) -> tuple[View, Box]:
    """Return the box as it is."""
    return view, box


def without_spacing(view: View, box: Box) -> tuple[View, Box]:
    """Return the box on a film of unknown pixel spacing."""
    return replace(view, spacing=None), box


def corners(view: View, box: Box) -> tuple[View, Box]:
    """Return x1 y1 x2 y2 in place of x, y, width and height."""
    return view, Box(box.x, box.y, box.x + box.width, box.y + box.height)


def corners_row_first(view: View, box: Box) -> tuple[View, Box]:
    """Return y1 x1 y2 x2 in place of x, y, width and height."""
    return view, Box(box.y, box.x, box.y + box.height, box.x + box.width)


def fractions(view: View, box: Box) -> tuple[View, Box]:
    """Return the centre and size as fractions of the image."""
    rows, columns = view.pixels.shape
    x, y = box.centre
    return view, Box(x / columns, y / rows, box.width / columns, box.height / rows)


def percentages(view: View, box: Box) -> tuple[View, Box]:
    """Return percentages of the image."""
    rows, columns = view.pixels.shape
    x, y, width, height = box.x / columns, box.y / rows, box.width / columns, box.height / rows
    return view, Box(100 * x, 100 * y, 100 * width, 100 * height)


def mirrored(view: View, box: Box) -> tuple[View, Box]:
    """Return the box on the mirrored film."""
    return replace(view, pixels=view.pixels[:, ::-1]), box


def larger_copy(view: View, box: Box) -> tuple[View, Box]:
    """Return the box in pixels of a film of twice the size."""
    return view, Box(2 * box.x, 2 * box.y, 2 * box.width, 2 * box.height)


CHANGES: tuple[Change, ...] = (
    correct,
    without_spacing,
    corners,
    corners_row_first,
    fractions,
    percentages,
    mirrored,
    larger_copy,
)


def outcome(view: View, box: Box) -> str:
    """Return ``accepted``, ``refused``, or the codes of the warnings."""
    try:
        codes = [warning.code for warning in check_box(view, box)]
    except InputError:
        return "refused"
    return ", ".join(codes) or "accepted"


def main(folder: Path) -> None:
    """Print one row of a Markdown table for each format, and the correct boxes with a warning."""
    counts: dict[str, Counter[str]] = {change.__name__: Counter() for change in CHANGES}
    films = read_film_index(folder)
    for row in read_index(folder):
        if row.film_box is None:
            continue
        view = read_film(folder, row, films[row.film])
        for change in CHANGES:
            found = outcome(*change(view, row.film_box))
            counts[change.__name__][found] += 1
            if change is correct and found != "accepted":
                print(f"{row.film}: {row.film_box}: {found}")
    print("| boxes | accepted | warning | refused |\n|---|---|---|---|")
    for name, found in counts.items():
        warned = found.total() - found["accepted"] - found["refused"]
        label = name.replace("_", " ")
        print(f"| {label} | {found['accepted']} | {warned} | {found['refused']} |")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folder", type=Path, metavar="DATA")
    main(parser.parse_args().folder)

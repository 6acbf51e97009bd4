"""Checks of the box around a mass: impossible boxes are rejected, doubtful boxes cause warnings.

Every box passes through :func:`check_box` when its patch is extracted
(:func:`mammopair.lesion.extract_patch`), so that the command line, lesion tables, batches and
ROIs of a viewer are treated alike.

The limits were chosen so that the boxes of the 1,318 CBIS-DDSM training masses pass
(``Testing/benchmarks/box_checks.py``): their longest side is 5 to 69 mm, at most 38 % of the width
of the film, they lie within the film, and none has more than 40 % of its area as dark as air.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mammopair.crop import check_overlap, describe_box
from mammopair.errors import InputError
from mammopair.view import Box, View
from mammopair.warning import CodedWarning

BOX_COLUMNS = (
    "box_x and box_y are the left and the top edge, box_w and box_h the width and the height, "
    "in stored pixels from the top left corner"
)
"""What the columns of a lesion table contain, for messages."""

LARGEST_MM = 100.0
"""Longest side that a mass can have, in millimetres."""
LARGEST_SHARE = 0.6
"""Share of the width or height of the image above which a box causes a warning."""
LARGEST_OF_BREAST = 0.6
"""Area of the box relative to that of the breast above which it causes a warning."""
SMALLEST_PIXELS = 4.0
"""Longest side, in pixels, below which a box is rejected."""
SMALLEST_MM = 1.0
"""The same in millimetres, where the pixel spacing is known."""
SMALL_MM = 3.0
"""Longest side, in millimetres, below which a box causes a warning."""
SMALL_SHARE = 0.01
"""The same relative to the longer side of the image, where the pixel spacing is unknown."""
PERCENTAGES_FROM = 400
"""Rows and columns of an image from which a box within its first 100 causes a warning."""
LONGEST_RATIO = 5.0
"""Ratio of the sides above which a box causes a warning."""
TOLERANCE_PIXELS, TOLERANCE_SHARE = 2.0, 0.05
"""Pixels, and share of its side, by which a box may extend beyond the image without a warning."""
MOST_OUTSIDE = 0.25
"""Share of its area beyond the edge above which a box is rejected."""
MOST_AIR = 0.5
"""Share of its area on air above which a box causes a warning."""
ALL_AIR = 0.95
"""Share above which it is rejected, if it is uniform as well."""
AIR_LIMIT = 0.25
"""Pixels are as dark as air below this position between the level of the air and the threshold
that separates air from tissue."""
SAMPLES = 256
"""Rows and columns of the image that are sampled to find the level of the air."""
BORDER = 16
"""A border of the film, as wide as the image divided by this number, is not sampled."""

Pixels = npt.NDArray[np.float32]


@dataclass(frozen=True)
class _Air:
    """The level of the air of a view and of what separates it from tissue."""

    level: float
    limit: float
    """Display values below it are as dark as air."""
    tissue_share: float
    """Share of the image that is not as dark as air."""


def check_box(view: View, box: Box) -> tuple[CodedWarning, ...]:
    """Check that a box can be the box around a mass on a view.

    Parameters
    ----------
    view
        With its pixels.
    box
        In the coordinates of the view.

    Returns
    -------
    tuple of CodedWarning
        ``box-over-edge``, ``box-corners``, ``box-percentages``, ``box-size``, ``box-shape`` or
        ``box-on-air``, where they apply.

    Raises
    ------
    InputError
        If the box is not finite, has no area, has the values of fractions of the image, lies
        outside the image with all or more than a quarter of its area, is longer than 10 cm where
        the pixel spacing is known, is smaller than 4 pixels or 1 mm, or contains nothing but air.
        The message states what the columns of a lesion table contain, and what the values look
        like.
    """
    rows, columns = view.pixels.shape
    if _is_fraction(box):
        raise InputError(
            view.source,
            f"{describe_box(box)} has the values of fractions of the image, as in YOLO; "
            f"{BOX_COLUMNS}, so multiply by the {columns} columns and {rows} rows "
            "(and subtract half the size where the values are those of the centre)",
        )
    try:
        check_overlap(view, box)
    except InputError as error:
        guess = _guess_format(box, rows, columns)
        raise InputError(view.source, f"{error.problem}; {BOX_COLUMNS}{guess}") from error
    warnings = [
        *_check_edges(view, box),
        *_check_corners(view, box),
        *_check_size(view, box),
    ]
    is_sized = any(warning.code == "box-size" for warning in warnings)
    return (*warnings, *_check_air(view, box, is_sized=is_sized))


def _is_fraction(box: Box) -> bool:
    """Whether all values are in [0, 1]; no mass has one pixel."""
    values = (box.x, box.y, box.width, box.height)
    return min(box.width, box.height) > 0 and min(values) >= 0 and max(values) <= 1


def _check_edges(view: View, box: Box) -> list[CodedWarning]:
    rows, columns = view.pixels.shape
    beyond = {
        "left": (-box.x, box.width, "columns"),
        "top": (-box.y, box.height, "rows"),
        "right": (box.x + box.width - columns, box.width, "columns"),
        "bottom": (box.y + box.height - rows, box.height, "rows"),
    }
    over = {
        edge: (pixels, unit)
        for edge, (pixels, side, unit) in beyond.items()
        if pixels > max(TOLERANCE_PIXELS, TOLERANCE_SHARE * side)
    }
    if not over:
        return []
    where = " and ".join(
        f"{pixels:.0f} {unit} beyond the {edge} edge" for edge, (pixels, unit) in over.items()
    )
    problem = (
        f"{describe_box(box)} extends {where} of the image of {columns} columns and {rows} rows"
    )
    guess = _guess_format(box, rows, columns)
    across = min(box.x + box.width, columns) - max(box.x, 0.0)
    down = min(box.y + box.height, rows) - max(box.y, 0.0)
    if across * down < (1 - MOST_OUTSIDE) * box.width * box.height:
        raise InputError(view.source, f"{problem}; {BOX_COLUMNS}{guess}")
    return [_warning(view, "box-over-edge", f"{problem} and was cut off there", guess)]


def _check_corners(view: View, box: Box) -> list[CodedWarning]:
    """Warn of a box near the top left corner that has the values of corners or percentages.

    Only 2 of the 1,318 training masses lie so close to that corner of their film.
    """
    corners = _as_corners(box)
    if corners is not None and min(corners) >= SMALLEST_PIXELS:
        problem = f"{describe_box(box)} may be the corners x1 y1 x2 y2 of a box"
        return [_warning(view, "box-corners", problem, "")]
    if _may_be_percentages(box) and min(view.pixels.shape) >= PERCENTAGES_FROM:
        problem = f"{describe_box(box)} may be percentages of the image"
        return [_warning(view, "box-percentages", problem, "")]
    return []


def _check_size(view: View, box: Box) -> list[CodedWarning]:
    rows, columns = view.pixels.shape
    spacing = view.spacing
    across, down = (spacing.column, spacing.row) if spacing else (1.0, 1.0)
    wide, high = box.width * across, box.height * down
    longest, shortest = max(wide, high), min(wide, high)
    size = f" ({wide:.3g} x {high:.3g} mm)" if spacing else ""
    guess = _guess_format(box, rows, columns)
    if spacing and longest > LARGEST_MM:
        raise InputError(
            view.source,
            f"{describe_box(box)}{size} is larger than any mass; {BOX_COLUMNS}{guess}",
        )
    longest_pixels = max(box.width, box.height)
    if longest_pixels < SMALLEST_PIXELS or (spacing and longest < SMALLEST_MM):
        raise InputError(
            view.source,
            f"{describe_box(box)}{size} is too small for a mass; {BOX_COLUMNS}{_guess_unit(box)}",
        )
    if box.width > LARGEST_SHARE * columns or box.height > LARGEST_SHARE * rows:
        problem = f"{describe_box(box)}{size} covers most of the image of {columns} columns and "
        problem += f"{rows} rows, which may be a crop instead of a whole view"
        return [_warning(view, "box-size", problem, guess)]
    small = longest < SMALL_MM if spacing else longest_pixels < SMALL_SHARE * max(rows, columns)
    if small:
        problem = f"{describe_box(box)}{size} is unusually small for a mass"
        return [_warning(view, "box-size", problem, _guess_unit(box))]
    if longest > LONGEST_RATIO * shortest:
        problem = f"{describe_box(box)}{size} is unusually long for a mass"
        return [_warning(view, "box-shape", problem, guess)]
    return []


def _check_air(view: View, box: Box, *, is_sized: bool) -> list[CodedWarning]:
    """Reject or warn of a box on the air; also warn of one as large as the breast."""
    rows, columns = view.pixels.shape
    air = _find_air(view)
    if air is None:
        return []
    inside = _pixels_of(view, box)
    share = float((inside < air.limit).mean())
    if share < MOST_AIR:
        breast = air.tissue_share * rows * columns
        if not is_sized and box.width * box.height > LARGEST_OF_BREAST * breast:
            problem = f"{describe_box(box)} is nearly as large as the breast"
            return [_warning(view, "box-size", problem, _guess_format(box, rows, columns))]
        return []
    mirrored = Box(columns - box.x - box.width, box.y, box.width, box.height)
    guess = ""
    if float((_pixels_of(view, mirrored) < air.limit).mean()) < MOST_AIR:
        guess = (
            "; its mirror image lies on the breast, so check whether the picture was mirrored "
            "after it was marked"
        )
    low, high = np.percentile(inside, [5, 95])
    uniform = high - low <= air.limit - air.level
    if share >= ALL_AIR and uniform:
        problem = f"{describe_box(box)} lies on the air beside the breast"
        raise InputError(view.source, f"{problem}; {BOX_COLUMNS}{guess}")
    problem = f"{share:.0%} of {describe_box(box)} is as dark as air"
    return [_warning(view, "box-on-air", problem, guess)]


def _warning(view: View, code: str, problem: str, guess: str) -> CodedWarning:
    message = f"On the {view.name} view, {problem}; {BOX_COLUMNS}{guess}."
    return CodedWarning(code=code, message=message)


def _guess_format(box: Box, rows: int, columns: int) -> str:
    """What the values of an unusual box look like, to append to a message; empty if unknown."""
    corners = _as_corners(box)
    if corners is not None:
        width, height = corners
        if box.width <= columns + TOLERANCE_PIXELS and box.height <= rows + TOLERANCE_PIXELS:
            return (
                "; the values look like corners x1 y1 x2 y2, for which box_w is "
                f"x2 - x1 = {width:g} and box_h is y2 - y1 = {height:g}"
            )
        if box.width <= rows + TOLERANCE_PIXELS and box.height <= columns + TOLERANCE_PIXELS:
            return (
                f"; the values look like corners y1 x1 y2 x2, for which box_x is {box.y:g}, box_y "
                f"is {box.x:g}, box_w is x2 - x1 = {height:g} and box_h is y2 - y1 = {width:g}"
            )
    if box.x >= columns or box.y >= rows:
        return (
            "; the box may have been measured on a larger copy of the image, so divide it by the "
            "scale, or its values may be in another order"
        )
    left, top = box.x - box.width / 2, box.y - box.height / 2
    fits = left + box.width <= columns and top + box.height <= rows
    over = box.x + box.width > columns or box.y + box.height > rows
    if over and fits and left >= 0 and top >= 0:
        return f"; if the values are those of the centre, box_x is {left:g} and box_y is {top:g}"
    return ""


def _guess_unit(box: Box) -> str:
    """What the values of a small box look like, to append to a message; empty if unknown."""
    return "; the values may be percentages of the image" if _may_be_percentages(box) else ""


def _may_be_percentages(box: Box) -> bool:
    return min(box.x, box.y) >= 0 and max(box.x + box.width, box.y + box.height) <= 100


def _as_corners(box: Box) -> tuple[float, float] | None:
    """Width and height if the values were two opposite corners; None if they cannot be."""
    if box.x < 0 or box.y < 0 or box.width <= box.x or box.height <= box.y:
        return None
    return box.width - box.x, box.height - box.y


def _pixels_of(view: View, box: Box) -> Pixels:
    """The pixels that a box covers at least in part; at least one."""
    rows, columns = view.pixels.shape
    left = int(np.clip(np.floor(box.x), 0, columns - 1))
    top = int(np.clip(np.floor(box.y), 0, rows - 1))
    right = int(np.clip(np.ceil(box.x + box.width), left + 1, columns))
    bottom = int(np.clip(np.ceil(box.y + box.height), top + 1, rows))
    return view.pixels[top:bottom, left:right]


def _find_air(view: View) -> _Air | None:
    """Find the level of the air: the most frequent value below Otsu's threshold.

    Returns
    -------
    _Air or None
        None where all samples are equal. In an image without air it is the level of dark tissue.
    """
    rows, columns = view.pixels.shape
    step = max(1, -(-max(rows, columns) // SAMPLES))
    down, right = rows // BORDER, columns // BORDER
    sampled = view.pixels[down : rows - down : step, right : columns - right : step]
    samples = np.asarray(sampled, dtype=np.float64)
    threshold = _otsu(samples)
    if threshold is None:
        return None
    counts, edges = np.histogram(samples[samples < threshold], 64, (0.0, threshold))
    most = int(counts.argmax())
    level = float(edges[most] + edges[most + 1]) / 2
    limit = level + AIR_LIMIT * (threshold - level)
    return _Air(level, limit, tissue_share=float((samples >= limit).mean()))


def _otsu(samples: npt.NDArray[np.float64]) -> float | None:
    """Otsu's threshold (IEEE Trans. SMC 9(1), 1979); None where all samples are equal."""
    low, high = float(samples.min()), float(samples.max())
    if low == high:
        return None
    counts, edges = np.histogram(samples, 128, (low, high))
    centres = (edges[1:] + edges[:-1]) / 2
    below = np.cumsum(counts)[:-1].astype(np.float64)
    above = samples.size - below
    sums = np.cumsum(counts * centres)
    means_below = sums[:-1] / below  # the first bin is never empty
    means_above = (sums[-1] - sums[:-1]) / above  # and neither is the last
    between = below * above * (means_above - means_below) ** 2
    best = np.flatnonzero(between >= between.max() * (1 - 1e-9))  # a gap has many thresholds
    return float(edges[1:-1][best].mean())

"""``crops.csv``, as training and evaluation read it."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from mammopair.atomic_write import atomic_write
from mammopair.errors import InputError
from mammopair.io.crop_folder import INDEX, CropRow
from mammopair_research.datasets.cbis_ddsm.case_descriptions import (
    CaseDescriptions,
    MassView,
    Split,
)
from mammopair_research.datasets.cbis_ddsm.crop_file import CropOrigin

FOLDER = "crops"
"""The folder of the pictures."""


def crop_name(mass: MassView) -> str:
    """A crop's file, relative to the folder that holds ``crops.csv``."""
    return f"{FOLDER}/{mass.name}.png"


def assign_pairs(cases: CaseDescriptions) -> dict[str, str]:
    """The ``pair_id`` of each mass that is paired, by :attr:`MassView.name`.

    CC and MLO show the same mass for certain only where the breast has exactly one mass in each
    view, both of one class.
    """
    breasts: dict[str, list[MassView]] = defaultdict(list)
    for mass in (*cases.masses, *cases.left_out):
        breasts[f"{mass.patient_id}_{mass.laterality}"].append(mass)
    return {
        mass.name: breast
        for breast, members in breasts.items()
        if sorted(mass.view for mass in members) == ["CC", "MLO"]
        and not set(members) & set(cases.left_out)
        and len({mass.label for mass in members}) == 1
        for mass in members
    }


def make_rows(
    cases: CaseDescriptions, origins: Mapping[str, CropOrigin]
) -> list[tuple[MassView, CropRow]]:
    """The rows of the masses that have a crop, in their order.

    Parameters
    ----------
    cases
        All masses of the split; which are paired depends on all masses of a breast.
    origins
        Where each crop was cut, by :attr:`MassView.name`.
    """
    pairs = assign_pairs(cases)
    crops_of_pair: dict[str, int] = defaultdict(int)
    for name in origins:
        crops_of_pair[pairs.get(name, "")] += 1
    rows = []
    for mass in cases.masses:
        origin = origins.get(mass.name)
        if origin is None:
            continue
        pair = pairs.get(mass.name, "")
        x, y, width, height = (round(value, 2) for value in origin.lesion_box)
        film_x, film_y, film_width, film_height = (round(value, 2) for value in origin.film_box)
        row = CropRow(
            patient_id=mass.patient_id,
            laterality=mass.laterality,
            view=mass.view,
            abnormality_id=mass.abnormality_id,
            label=mass.label,
            file=crop_name(mass),
            lesion_x=x,
            lesion_y=y,
            lesion_w=width,
            lesion_h=height,
            mm_per_crop_px=origin.mm_per_crop_px and round(origin.mm_per_crop_px, 6),
            pair_id=pair if crops_of_pair[pair] == 2 else "",
            mass_shape=mass.mass_shape,
            mass_margins=mass.mass_margins,
            breast_density=mass.breast_density,
            assessment=mass.assessment,
            subtlety=mass.subtlety,
            scanner=origin.scanner,
            film=origin.film,
            film_box_x=film_x,
            film_box_y=film_y,
            film_box_w=film_width,
            film_box_h=film_height,
        )
        rows.append((mass, row))
    return rows


def write_crop_table(folder: Path, rows: Sequence[tuple[MassView, CropRow]]) -> None:
    """Write ``crops.csv``: the columns of :class:`CropRow`, split, pathology and size in mm.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    columns = [*CropRow.__struct_fields__, "split", "pathology", "lesion_w_mm", "lesion_h_mm"]
    with atomic_write(folder / INDEX) as stream:
        table = csv.DictWriter(stream, columns, lineterminator="\n")
        table.writeheader()
        for mass, row in rows:
            cells: dict[str, Any] = msgspec.structs.asdict(row)
            cells |= {"split": mass.split.value, "pathology": mass.pathology}
            if row.mm_per_crop_px:
                cells["lesion_w_mm"] = round(row.lesion_w * row.mm_per_crop_px, 2)
                cells["lesion_h_mm"] = round(row.lesion_h * row.mm_per_crop_px, 2)
            table.writerow(cells)


def check_output(folder: Path, split: Split) -> None:
    """Refuse a folder that already holds the other split.

    Raises
    ------
    InputError
        If its ``crops.csv`` is of another split, or cannot be read.
    """
    path = folder / INDEX
    if not path.exists():
        return
    try:
        with path.open(newline="", encoding="utf-8-sig") as stream:
            found = {cells.get("split") for cells in csv.DictReader(stream)}
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(path, f"cannot be read ({error}); choose another folder") from error
    if found - {split.value}:
        raise InputError(
            path, f"was not prepared from the {split} split; choose another folder for its crops"
        )

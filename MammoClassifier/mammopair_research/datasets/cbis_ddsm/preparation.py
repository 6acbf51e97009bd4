"""Prepare the crop folder that training reads from a downloaded CBIS-DDSM collection."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from mammopair.errors import InputError
from mammopair.io.crop_folder import CropRow
from mammopair.io.dicom import open_dataset, read_dicom
from mammopair.io.dicom_attributes import get_text
from mammopair.progress import Progress
from mammopair.view import Spacing, SpacingMeaning, View
from mammopair_research.datasets.cbis_ddsm.case_descriptions import (
    MassView,
    Split,
    find_case_file,
    read_case_descriptions,
)
from mammopair_research.datasets.cbis_ddsm.crop_file import CropOrigin, read_origin, write_crop
from mammopair_research.datasets.cbis_ddsm.crop_table import (
    FOLDER,
    check_output,
    crop_name,
    make_rows,
    write_crop_table,
)
from mammopair_research.datasets.cbis_ddsm.report import (
    Code,
    Discrepancy,
    LeftOutError,
    write_report,
)
from mammopair_research.datasets.cbis_ddsm.roi_series import locate_lesion
from mammopair_research.datasets.cbis_ddsm.scanner import Scanner, identify_scanner
from mammopair_research.datasets.cbis_ddsm.series_index import (
    SeriesIndex,
    index_series,
    is_listed_file,
)


@dataclass(frozen=True)
class Preparation:
    """What a run prepared and what it could not."""

    rows: tuple[CropRow, ...]
    """The rows of ``crops.csv``."""
    kept: int
    """Crops that an earlier run had cut."""
    discrepancies: tuple[Discrepancy, ...]

    @property
    def left_out(self) -> tuple[Discrepancy, ...]:
        """The discrepancies because of which a mass in a view is missing from ``crops.csv``."""
        return tuple(entry for entry in self.discrepancies if entry.left_out)


def prepare_crop_folder(
    folder: Path, out: Path, split: Split = Split.TRAIN
) -> Generator[Progress, None, Preparation]:
    """Cut the crops of one split's masses and write ``crops.csv`` and ``report.csv``.

    Crops that exist are kept, so that an interrupted run continues, and a run after a further
    download adds what was missing. ``crops.csv`` is written when all crops are cut.

    Parameters
    ----------
    folder
        Holds the downloaded series and the case descriptions, at any depth.
    out
        The crop folder; see :mod:`mammopair.io.crop_folder`.
    split
        The official division of the patients.

    Returns
    -------
    Preparation
        The generator's value.

    Raises
    ------
    InputError
        If the collection or its case descriptions are missing, ``out`` holds the other split, or
        a file cannot be written.
    """
    check_output(out, split)
    cases = read_case_descriptions(find_case_file(folder, split), split)
    masses = cases.masses
    yield Progress(0, len(masses), "Listing DICOM files")
    index = index_series(folder, split)
    discrepancies = [
        *cases.discrepancies,
        *index.discrepancies,
        *_unlisted_series((*masses, *cases.left_out), index),
    ]
    try:
        (out / FOLDER).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(out, f"cannot be written to: {error.strerror}") from error

    by_film: dict[str, list[MassView]] = defaultdict(list)
    for mass in masses:
        by_film[mass.film_name].append(mass)
    origins: dict[str, CropOrigin] = {}
    done = kept = 0
    for group in by_film.values():
        yield Progress(done, len(masses), "Cutting crops")
        found = {mass.name: read_origin(out / crop_name(mass)) for mass in group}
        existing = {name: origin for name, origin in found.items() if origin is not None}
        missing = [mass for mass in group if mass.name not in existing]
        cut, left_out = _cut_film(folder, out, missing, index)
        origins |= existing | cut
        discrepancies += left_out
        kept += len(existing)
        done += len(group)

    discrepancies += [note for origin in origins.values() for note in origin.notes]
    write_report(out, discrepancies)
    rows = make_rows(cases, origins)
    if rows:
        write_crop_table(out, rows)
    return Preparation(tuple(row for _, row in rows), kept, tuple(discrepancies))


def _unlisted_series(masses: Sequence[MassView], index: SeriesIndex) -> list[Discrepancy]:
    """Films and regions of interest that were downloaded but are in no row."""
    listed = {name for mass in masses for name in (mass.film_name, mass.name)}
    return [
        Discrepancy(
            lesion=subject,
            code=Code.UNLISTED_SERIES,
            left_out=False,
            message="The case descriptions do not list this series; it was ignored.",
        )
        for subject in sorted(set(index.files) - listed)
    ]


def _cut_film(
    folder: Path, out: Path, masses: Sequence[MassView], index: SeriesIndex
) -> tuple[dict[str, CropOrigin], list[Discrepancy]]:
    """Cut the crops of one film, which is decoded once."""
    if not masses:
        return {}, []
    try:
        path = _find_film(masses[0], index)
        view, scanner = _read_film(path)
    except LeftOutError as reason:
        return {}, [reason.as_discrepancy(mass.name, folder) for mass in masses]
    origins: dict[str, CropOrigin] = {}
    discrepancies: list[Discrepancy] = []
    rows, columns = view.pixels.shape
    for mass in masses:
        try:
            box, notes = locate_lesion(mass, index.files.get(mass.name, ()), (rows, columns))
        except LeftOutError as reason:
            discrepancies.append(reason.as_discrepancy(mass.name, folder))
            continue
        if view.spacing is None:
            message = (
                "The film's grey levels are those of no scanner of DDSM, so its pixel spacing is "
                "unknown; sizes in millimetres are empty, and the crop may be narrower than 13 mm."
            )
            notes.append((Code.UNKNOWN_SCANNER, message, path))
        origins[mass.name] = write_crop(
            out / crop_name(mass),
            view,
            box,
            film=_relative(path, folder),
            scanner=scanner.name if scanner else "",
            notes=tuple(
                Discrepancy(
                    lesion=mass.name,
                    code=code,
                    left_out=False,
                    message=message,
                    file=_relative(file, folder),
                )
                for code, message, file in notes
            ),
        )
    return origins, discrepancies


def _find_film(mass: MassView, index: SeriesIndex) -> Path:
    """The film's file: the only one under its Patient ID, or the one that is listed."""
    files = index.files.get(mass.film_name, ())
    if not files:
        message = f"No file of the film {mass.film_name} was found; download its series."
        raise LeftOutError(Code.MISSING_FILM, message)
    if len(files) == 1:
        return files[0]
    for path in files:
        try:
            series_uid = get_text(open_dataset(path, pixels=False), "SeriesInstanceUID")
        except InputError:
            continue
        siblings = [other for other in files if other.parent == path.parent]
        if is_listed_file(path, series_uid, mass.listed_film, siblings):
            return path
    message = f"{len(files)} files are named as this film and none is listed; keep the right one."
    raise LeftOutError(Code.SEVERAL_FILMS, message, files[0].parent)


def _read_film(path: Path) -> tuple[View, Scanner | None]:
    """A film as a view, with its scanner's spacing where the header states none."""
    try:
        view = read_dicom(path)
    except InputError as error:
        raise LeftOutError(Code.UNREADABLE_FILM, f"The film {error.problem}.", path) from error
    # Values of 16 bits without a window are stored / 65535, which is undone exactly.
    scanner = identify_scanner(np.rint(view.pixels * 65535).astype(np.uint16))
    if view.spacing is None and scanner is not None:
        side = scanner.millimetres
        view = replace(view, spacing=Spacing(side, side, SpacingMeaning.FILM))
    return view, scanner


def _relative(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix()

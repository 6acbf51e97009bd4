"""Synthetic lesions, crop folders and small ensembles for tests, in the real formats.

>>> folder = write_crop_folder(tmp_path / "crops")       # crops.csv and 256 x 256 PNG
>>> folder = write_ensemble(tmp_path / "ensemble")        # manifest.json, folds.csv, safetensors

Lesions are bright discs (benign) and spiculated stars (malignant) on noise. The networks of an
ensemble are GoogLeNets of an eighth of the width with random weights: their outputs differ between
images, but not between benign and malignant.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from mammopair.io.crop_folder import CropRow
from mammopair.view import Laterality, Projection, Spacing, SpacingMeaning, View

SIDE = 256
FILM_ROWS, FILM_COLUMNS = 400, 320
COLUMNS = (
    *("patient_id", "laterality", "view", "abnormality_id", "label", "file", "pair_id", "usable"),
    *("lesion_x", "lesion_y", "lesion_w", "lesion_h", "mm_per_crop_px"),
    *("mass_shape", "mass_margins", "breast_density", "scanner"),
)

RECIPE = """
name = "small"
version = "0"
description = "For tests."
data = "Synthetic lesions."
concepts = ["spiculated", "dense breast"]

[network]
architecture = "googlenet"
width = 0.125
stride = 16
auxiliary = true

[input]
side = 48
detail = 32

[folds]
count = 3
seed = 5

[augmentation]
least_detail = 24
most_detail = 40

[optimisation]
epochs = 2
batch = 16

[[members]]
fold = 0
seed = 1

[[members]]
fold = 2
seed = 2
"""
"""A small network, two members and three folds; an epoch takes about a second."""


def lesion_picture(malignant: bool, seed: int, side: int = SIDE) -> npt.NDArray[np.float32]:
    """Draw ``(side, side)`` in [0, 1]: a disc, or a star with spikes."""
    rng = np.random.default_rng(seed)
    down, right = (np.mgrid[0:side, 0:side] + 0.5 - side / 2) / side
    angle, radius = np.arctan2(down, right), np.hypot(down, right)
    edge = 0.2 + 0.04 * rng.random()
    if malignant:
        spikes = rng.integers(7, 12)
        edge = edge * (0.55 + 0.6 * np.cos(spikes / 2 * angle + 6 * rng.random()) ** 8)
    body = 1 / (1 + np.exp(np.clip((radius - edge) * 60, -50, 50)))
    shade = 0.25 + 0.1 * right + 0.5 * body + 0.03 * rng.standard_normal((side, side))
    return np.clip(shade, 0, 1).astype(np.float32)


def film(
    name: str = "R CC",
    *,
    malignant: bool = True,
    seed: int = 0,
    source: str = "",
    millimetres: float | None = None,
    **known: Any,
) -> View:
    """Return a view of 400 x 320 pixels with one lesion in :data:`LESION_BOX`."""
    side, projection = name.split()
    pixels = np.full((FILM_ROWS, FILM_COLUMNS), 0.2, np.float32)
    pixels += 0.02 * np.random.default_rng(seed + 1).standard_normal(pixels.shape)
    pixels[100:300, 60:260] = lesion_picture(malignant, seed, 200)
    spacing = Spacing(millimetres, millimetres, SpacingMeaning.FILM) if millimetres else None
    view = View(
        pixels=np.clip(pixels, 0, 1),
        source=Path(source or f"{name.replace(' ', '-').lower()}.png"),
        laterality=Laterality(side),
        projection=Projection(projection),
        spacing=spacing,
    )
    return replace(view, **known)


LESION_BOX = (110.0, 150.0, 100.0, 100.0)
"""x, y, width and height of the lesion of a :func:`film`."""


def write_png(path: Path, pixels: npt.NDArray[np.float32]) -> Path:
    """Write an image in [0, 1] as 8-bit grey, and return the path."""
    from PIL import Image

    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.rint(pixels * 255).astype(np.uint8)).save(path)
    return path


def write_crop_folder(folder: Path, patients: int = 24, seed: int = 0) -> Path:
    """Write a folder in the layout of the prepared CBIS-DDSM masses, and return its path.

    Patients alternate between benign and malignant; every fourth has one view only, and every sixth
    has a second mass of the other class in the other breast. The scanner is DBA for some malignant
    masses, as in the collection.
    """
    rows = []
    for number in range(patients):
        masses = [("LEFT", number % 2)]
        if number % 6 == 5:
            masses.append(("RIGHT", 1 - number % 2))
        views = ("CC",) if number % 4 == 3 else ("CC", "MLO")
        for laterality, label in masses:
            for view in views:
                rows.append(_write_crop(folder, f"S_{number:03d}", laterality, view, label, seed))
                if len(views) == 1:
                    rows[-1]["pair_id"] = ""
    return write_index(folder, rows)


def write_index(folder: Path, rows: Sequence[dict[str, Any]]) -> Path:
    """Write ``crops.csv`` into a crop folder, and return the folder."""
    with (folder / "crops.csv").open("w", newline="", encoding="utf-8") as stream:
        table = csv.DictWriter(stream, COLUMNS)
        table.writeheader()
        table.writerows(rows)
    return folder


def crop_row(patient: str = "P_00001", **changes: Any) -> CropRow:
    """Return a row of ``crops.csv``: a benign mass on the left CC view, changed as given."""
    values: dict[str, Any] = {
        "laterality": "LEFT",
        "view": "CC",
        "abnormality_id": "1",
        "label": 0,
        "file": f"{patient}.png",
        **dict.fromkeys(("lesion_x", "lesion_y"), 64),
        **dict.fromkeys(("lesion_w", "lesion_h"), 128),
        "mm_per_crop_px": 0.2,
    }
    return CropRow(patient_id=patient, **values | changes)


def read_crop_rows(folder: Path) -> list[dict[str, str]]:
    """Read the rows of a folder's ``crops.csv`` as text."""
    with (folder / "crops.csv").open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def _write_crop(
    folder: Path, patient: str, laterality: str, view: str, label: int, seed: int
) -> dict[str, Any]:
    file = f"crops/{patient}_{laterality}_{view}.png"
    number = int(patient[2:]) * 4 + (laterality == "RIGHT") * 2 + (view == "MLO")
    write_png(folder / file, lesion_picture(bool(label), seed * 1000 + number))
    return {
        "patient_id": patient,
        "laterality": laterality,
        "view": view,
        "abnormality_id": 1,
        "label": label,
        "file": file,
        "pair_id": f"{patient}_{laterality}",
        "usable": 1,
        "lesion_x": 64,
        "lesion_y": 64,
        "lesion_w": 128,
        "lesion_h": 128,
        "mm_per_crop_px": 0.2,
        "mass_shape": "IRREGULAR" if label else "ROUND",
        "mass_margins": "SPICULATED" if label else "CIRCUMSCRIBED",
        "breast_density": 1 + int(patient[2:]) % 4,
        "scanner": "DBA" if label and int(patient[2:]) % 4 == 1 else "LUMISYS",
    }


def random_network(spec: Any, outputs: int, seed: int) -> Any:
    """Build a network with random weights and fitting batch statistics, in evaluation mode."""
    import torch

    torch.manual_seed(seed)
    network = spec.build(outputs)
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.weight, 0.5, 1.5)
            torch.nn.init.normal_(module.bias, std=0.2)
            module.momentum = None
    torch.nn.init.normal_(network.fc.weight, std=0.3)
    torch.nn.init.normal_(network.fc.bias, std=0.3)
    pictures = [lesion_picture(bool(n % 2), 100 + n, 64) for n in range(16)]
    with torch.no_grad():
        network.train()(torch.from_numpy(np.stack(pictures))[:, None] * 3 - 1.5)
    return network.eval()


def write_ensemble(
    folder: Path,
    *,
    views: Sequence[Sequence[str]] = (("CC", "MLO"), ("CC", "MLO")),
    fold_of: dict[str, int] | None = None,
    flips: bool = True,
    name: str = "small",
    **manifest: Any,
) -> Path:
    """Write an ensemble with one random member for each entry of ``views``; return its folder.

    Parameters
    ----------
    views
        Projections of each member; member ``n`` has fold ``n``.
    fold_of
        Folds of the training patients; by default of patients that do not occur in tests.
    manifest
        Other fields of the manifest.
    """
    from mammopair.calibration.platt import Calibration
    from mammopair.crop import CONTEXT, SMALLEST_MM
    from mammopair.model.input_spec import InputSpec
    from mammopair.model.manifest import Manifest, MemberEntry, Training, write_manifest
    from mammopair.model.networks import GoogLeNetSpec
    from mammopair.model.weights import file_sha256, save_weights

    folder.mkdir(parents=True, exist_ok=True)
    fold_of = {"T_000": 0, "T_001": 1} if fold_of is None else fold_of
    with (folder / "folds.csv").open("w", newline="", encoding="utf-8") as stream:
        table = csv.writer(stream)
        table.writerow(["patient_id", "fold"])
        table.writerows(fold_of.items())
    spec = GoogLeNetSpec(width=0.125, stride=16)
    concepts = ["spiculated", "round"]
    members = []
    for number, projections in enumerate(views):
        file = f"member-{number}.safetensors"
        network = random_network(spec, 1 + len(concepts), seed=number)
        members.append(
            MemberEntry(
                name=f"member-{number}",
                file=file,
                sha256=save_weights(network.state_dict(), folder / file),
                views=list(projections),
                seed=number,
                fold=number,
            )
        )
    fields = {
        "name": name,
        "version": "0",
        "description": "Random weights, for tests.",
        "intended_use": "Tests.",
        "licence": "Apache-2.0",
        "network": spec,
        "input": InputSpec(side=64, detail=48),
        "concepts": concepts,
        "context": CONTEXT,
        "smallest_mm": SMALLEST_MM,
        "flips": flips,
        "members": members,
        "calibration": Calibration(
            slope=0.8,
            intercept=-0.1,
            covariance=((0.02, 0.005), (0.005, 0.01)),
            fitted_on="nothing",
        ),
        "operating_points": [],
        "training": Training(
            data="none",
            patients=len(fold_of),
            crops=0,
            folds_file="folds.csv",
            folds_sha256=file_sha256(folder / "folds.csv"),
            recipe={},
        ),
        "measured": {},
        "software": "mammopair tests",
    }
    write_manifest(Manifest(**(fields | manifest)), folder)
    return folder

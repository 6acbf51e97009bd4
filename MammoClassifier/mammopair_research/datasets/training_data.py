"""What a network is trained on: every usable crop in memory, and who may see which."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from mammopair.crop import PATCH_SIDE, cut_patch, place_square
from mammopair.io.crop_folder import CropRow, read_crop, read_index
from mammopair_research.datasets.folds import Folds, split_patients


@dataclass(frozen=True)
class TrainingData:
    """Crops, their labels and the fold of each."""

    rows: list[CropRow]
    patches: npt.NDArray[np.uint8]
    """``(n, 256, 256)``, 0 to 255, one for each row."""
    fold: npt.NDArray[np.int64]
    """``(n,)``: the fold of each row's patient."""

    @property
    def labels(self) -> Tensor:
        """``(n,)``, float32: 1 for malignant."""
        return torch.tensor([row.label for row in self.rows], dtype=torch.float32)

    def divided(self, folds: Folds) -> TrainingData:
        """The same crops under another split of the patients."""
        return replace(self, fold=folds_of_rows(self.rows, folds))

    def batch(self, indices: npt.NDArray[np.int64], device: torch.device) -> Tensor:
        """Patches ``(len(indices), 256, 256)`` in [0, 1] on a device."""
        return torch.from_numpy(self.patches[indices]).to(device).float().div_(255)


def load_training_data(folder: Path, folds: Folds) -> TrainingData:
    """Read a folder of crops whole and divide its patients; see :func:`load_patches`."""
    rows = read_index(folder)
    fold = folds_of_rows(rows, folds)
    return TrainingData(rows=rows, patches=load_patches(folder, rows), fold=fold)


def folds_of_rows(rows: list[CropRow], folds: Folds) -> npt.NDArray[np.int64]:
    """``(n,)``: the fold of each row's patient."""
    fold_of = split_patients(rows, folds)
    return np.array([fold_of[row.patient_id] for row in rows])


def load_patches(
    folder: Path, rows: list[CropRow], seen: Callable[[Iterator[CropRow]], Iterator[CropRow]] = iter
) -> npt.NDArray[np.uint8]:
    """The patches of rows, ``(n, 256, 256)``, cut as :mod:`mammopair.crop` cuts them in use.

    Eight bits are what the pictures have; nothing is lost where a crop is the patch already.
    """
    patches = np.empty((len(rows), PATCH_SIDE, PATCH_SIDE), np.uint8)
    for patch, row in zip(patches, seen(iter(rows)), strict=True):
        view = read_crop(folder, row)
        patch[:] = np.rint(cut_patch(view, place_square(view, row.box)) * 255)
    return patches

"""Training data: the patches of a crop folder in memory, with labels and patient folds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from mammopair.crop import PATCH_SIDE
from mammopair.io.crop_folder import CropRow, read_index
from mammopair_research.datasets.folds import Folds, split_patients
from mammopair_research.datasets.patches import read_patch


@dataclass(frozen=True)
class TrainingData:
    """Patches of ``n`` crops, and the fold of each."""

    rows: list[CropRow]
    patches: npt.NDArray[np.uint8]
    """``(n, 256, 256)``, 0 to 255, bright where dense."""
    fold: npt.NDArray[np.int64]
    """``(n,)``: the fold of each crop's patient."""

    @property
    def labels(self) -> Tensor:
        """``(n,)``, float32: 1 for malignant, 0 for benign."""
        return torch.tensor([row.label for row in self.rows], dtype=torch.float32)

    def batch(self, indices: npt.NDArray[np.int64], device: torch.device) -> Tensor:
        """Return patches ``(len(indices), 256, 256)`` in [0, 1] on a device."""
        return torch.from_numpy(self.patches[indices]).to(device).float().div_(255)

    def training_rows(self, fold: int, views: Sequence[str]) -> npt.NDArray[np.int64]:
        """Return the indices of the crops that a member is trained on: all but its own fold."""
        return np.flatnonzero(self._are_of(views) & (self.fold != fold))

    def out_of_fold_rows(self, fold: int, views: Sequence[str]) -> npt.NDArray[np.int64]:
        """Return the indices of the crops that a member predicts: those of its own fold."""
        return np.flatnonzero(self._are_of(views) & (self.fold == fold))

    def _are_of(self, views: Sequence[str]) -> npt.NDArray[np.bool_]:
        return np.array([row.view in views for row in self.rows])


def load_training_data(folder: Path, folds: Folds) -> TrainingData:
    """Read all crops of a folder and divide its patients into folds.

    Raises
    ------
    InputError
        If the folder or an image cannot be read, or the patients cannot be divided.
    """
    rows = read_index(folder)
    fold_of = split_patients(rows, folds)
    fold = np.array([fold_of[row.patient_id] for row in rows])
    return TrainingData(rows=rows, patches=load_patches(folder, rows), fold=fold)


def load_patches(folder: Path, rows: list[CropRow]) -> npt.NDArray[np.uint8]:
    """Read the patches of crops as 8-bit integers, ``(n, 256, 256)``, to save memory.

    Raises
    ------
    InputError
        If an image cannot be read.
    """
    patches = np.empty((len(rows), PATCH_SIDE, PATCH_SIDE), np.uint8)
    for patch, row in zip(patches, rows, strict=True):
        patch[:] = np.rint(read_patch(folder, row).pixels * 255)
    return patches

"""Training patches are those that classification cuts from the same images."""

from __future__ import annotations

import numpy as np
from msgspec.structs import replace
from PIL import Image

from mammopair.io.crop_folder import read_index
from mammopair_research.datasets.folds import split_patients
from mammopair_research.training.descriptor_targets import descriptor_target, descriptor_targets


def test_patches_are_the_stored_crops(training_data, crop_folder):
    assert training_data.patches.shape == (len(training_data.rows), 256, 256)
    for row, patch in zip(training_data.rows, training_data.patches, strict=True):
        assert (np.asarray(Image.open(crop_folder / row.file)) == patch).all()


def test_folds_and_labels_are_those_of_the_rows(training_data, crop_folder, recipe):
    assert training_data.rows == read_index(crop_folder)
    fold_of = split_patients(training_data.rows, recipe.folds)
    assert [fold_of[row.patient_id] for row in training_data.rows] == training_data.fold.tolist()
    assert training_data.labels.tolist() == [row.label for row in training_data.rows]


def test_descriptors_are_known_if_their_group_is_described(training_data):
    row = replace(
        training_data.rows[0],
        mass_margins="ILL_DEFINED-SPICULATED",
        mass_shape="N/A",
        breast_density="4",
    )
    descriptors = ["spiculated", "ill-defined", "circumscribed", "round", "dense breast"]
    targets = descriptor_targets([row], descriptors)[0]
    assert targets[:3].tolist() == [1, 1, 0]
    assert np.isnan(targets[3])
    assert targets[4] == 1
    assert descriptor_target(replace(row, breast_density="1"), "dense breast") == 0
    assert np.isnan(descriptor_target(replace(row, breast_density="0"), "dense breast"))
    assert np.isnan(descriptor_target(replace(row, mass_margins=""), "spiculated"))

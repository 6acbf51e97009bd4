"""What is trained on is what the road would cut from the same picture."""

from __future__ import annotations

import numpy as np
from PIL import Image

from mammopair.io.crop_folder import read_index
from mammopair_research.datasets.folds import split_patients
from mammopair_research.training.descriptor_targets import descriptor_target, descriptor_targets


def test_every_crop_is_there_as_it_is_stored(material, crop_folder):
    assert material.patches.shape == (len(material.rows), 256, 256)
    for row, patch in zip(material.rows, material.patches, strict=True):
        assert (np.asarray(Image.open(crop_folder / row.file)) == patch).all()


def test_folds_and_labels_are_those_of_the_rows(material, crop_folder, recipe):
    assert material.rows == read_index(crop_folder)
    fold_of = split_patients(material.rows, recipe.folds)
    assert [fold_of[row.patient_id] for row in material.rows] == material.fold.tolist()
    assert material.labels.tolist() == [row.label for row in material.rows]


def test_words_are_known_where_their_group_was_described(material):
    from msgspec.structs import replace

    row = replace(
        material.rows[0],
        mass_margins="ILL_DEFINED-SPICULATED",
        mass_shape="N/A",
        breast_density="4",
    )
    words = ["spiculated", "ill-defined", "circumscribed", "round", "dense breast"]
    targets = descriptor_targets([row], words)[0]
    assert targets[:3].tolist() == [1, 1, 0]
    assert np.isnan(targets[3])
    assert targets[4] == 1
    assert descriptor_target(replace(row, breast_density="1"), "dense breast") == 0
    assert np.isnan(descriptor_target(replace(row, breast_density="0"), "dense breast"))
    assert np.isnan(descriptor_target(replace(row, mass_margins=""), "spiculated"))

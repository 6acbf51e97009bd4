"""Concept scores are calibrated and compared with out-of-fold masses."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from msgspec.structs import replace

from mammopair.classification import classify
from mammopair.errors import InputError
from mammopair.explain.concept_scores import (
    concept_probabilities,
    fraction_below,
    lesion_concept_scores,
    patch_concept_scores,
    scored_descriptors,
)
from mammopair.io.crop_folder import read_index
from mammopair.lesion import Lesion, MarkedView
from mammopair.model.manifest import ConceptScale, read_manifest, write_manifest
from mammopair.view import Box
from mammopair_research.training.concept_scales import concept_scales
from mammopair_research.training.out_of_fold import MemberOutputs
from Testing.synthetic_lesions import LESION_BOX, film, lesion_picture, write_ensemble


def scale(descriptor="spiculated", **changes):
    values = {
        "descriptor": descriptor,
        "slope": 0.5,
        "intercept": -0.25,
        "crops": 200,
        "given": 80,
        "auc": 0.8,
        "auc_ci": (0.7, 0.9),
        "lesion_auc": 0.82,
        "lesion_auc_ci": (0.7, 0.9),
        "scores_with": [0.2, 0.6, 0.8],
        "scores_without": [0.0, 0.1, 0.6],
    }
    return ConceptScale(**(values | changes))


@pytest.fixture
def scaled(ensemble):
    """An ensemble with a scale for both descriptors, of which it predicts one."""
    scales = [scale(), scale("round", auc_ci=(0.49, 0.6))]
    manifest = replace(ensemble.manifest, concept_scales=scales)
    return dataclasses.replace(ensemble, manifest=manifest)


def test_a_score_is_the_calibrated_mean_of_the_members_logits(scaled):
    patches = np.stack([lesion_picture(True, 3), lesion_picture(False, 4)])
    outputs = list(scaled.predict(patches, ["CC", "CC"]))
    (found,) = patch_concept_scores(outputs, 1, scaled.manifest)
    mean = np.mean([output.descriptor_logits[1, 0] for output in outputs])
    assert found.descriptor == "spiculated"
    assert found.score == pytest.approx(1 / (1 + np.exp(-(0.5 * mean - 0.25))))


def test_only_members_for_the_projection_are_averaged(by_view):
    manifest = replace(by_view.manifest, concept_scales=[scale()])
    ensemble = dataclasses.replace(by_view, manifest=manifest)
    outputs = list(ensemble.predict(lesion_picture(True, 3)[None], ["CC"]))
    (found,) = patch_concept_scores(outputs, 0, manifest)
    logits = np.mean([outputs[0].descriptor_logits[0], outputs[2].descriptor_logits[0]], axis=0)
    assert found.score == pytest.approx(concept_probabilities(logits[None], manifest)["spiculated"])


def test_descriptors_that_are_not_predicted_are_not_scored(scaled):
    assert [score.descriptor for score in scored_descriptors(scaled.manifest)] == ["spiculated"]
    record = classify(Lesion("c", "1", (MarkedView(film(), Box(*LESION_BOX)),)), scaled)
    assert [score.descriptor for score in record.concepts] == ["spiculated"]


def test_the_lesion_has_the_mean_of_its_views(scaled):
    views = [film("R CC", seed=3), film("R MLO", seed=9, malignant=False)]
    marked = tuple(MarkedView(view, Box(*LESION_BOX)) for view in views)
    record = classify(Lesion("c", "1", marked), scaled)
    each = [view.concepts[0].score for view in record.views]
    assert record.concepts[0].score == pytest.approx(np.mean(each))
    assert record.concepts == lesion_concept_scores(
        [v.concepts for v in record.views], scaled.manifest
    )


def test_an_ensemble_without_scales_has_no_scores(ensemble):
    record = classify(Lesion("c", "1", (MarkedView(film(), Box(*LESION_BOX)),)), ensemble)
    assert record.concepts == []
    assert record.views[0].concepts == []


@pytest.mark.parametrize(
    ("score", "fraction"), [(0.0, 0.0), (0.2, 0.0), (0.4, 0.25), (0.6, 0.5), (0.8, 1.0), (0.9, 1.0)]
)
def test_the_fraction_of_crops_below_a_score_is_interpolated(score, fraction):
    assert fraction_below([0.2, 0.6, 0.8], score) == pytest.approx(fraction)


def test_a_scale_of_an_unknown_descriptor_is_rejected(tmp_path):
    folder = write_ensemble(tmp_path / "e", concept_scales=[scale("stellate")])
    with pytest.raises(InputError, match="concept_scales of 'stellate', which is not in concepts"):
        read_manifest(folder)
    manifest = write_ensemble(tmp_path / "f", concept_scales=[scale()])
    write_manifest(read_manifest(manifest), manifest)
    assert read_manifest(manifest).concept_scales == [scale()]


# --- fitting the scales --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def out_of_fold(crop_folder):
    """Outputs of two members for the same crops; they predict the first descriptor."""
    rows = read_index(crop_folder)
    rng = np.random.default_rng(0)
    spiculated = np.array([row.mass_margins == "SPICULATED" for row in rows], float)
    logits = 1.5 * spiculated + rng.normal(size=len(rows))
    descriptor_logits = np.stack([logits, rng.normal(size=len(rows))], axis=1)
    no_features = np.empty((len(rows), 0))
    noisy = descriptor_logits + rng.normal(scale=0.1, size=descriptor_logits.shape)
    return {
        "a": MemberOutputs(
            rows, logits, no_features, descriptor_logits + (descriptor_logits - noisy)
        ),
        "b": MemberOutputs(rows, logits, no_features, noisy),
    }


def test_scales_have_the_accuracy_and_the_scores_of_each_descriptor(out_of_fold):
    spiculated, rounded = concept_scales(out_of_fold, ["spiculated", "round"])
    rows = out_of_fold["a"].rows
    assert spiculated.crops == len(rows)
    assert spiculated.given == sum(row.mass_margins == "SPICULATED" for row in rows)
    assert 0.75 < spiculated.auc <= 1
    assert spiculated.auc_ci[0] < spiculated.auc < spiculated.auc_ci[1] or spiculated.auc == 1
    assert spiculated.slope > 0
    assert rounded.auc < spiculated.auc
    assert len(spiculated.scores_with) == len(spiculated.scores_without) == 21
    assert np.median(spiculated.scores_with) > np.median(spiculated.scores_without)
    assert np.diff(spiculated.scores_with).min() >= 0


def test_scores_of_out_of_fold_crops_are_calibrated_on_average(out_of_fold):
    """Platt scaling: the mean score is the fraction of crops with the descriptor."""
    (found,) = concept_scales(out_of_fold, ["spiculated"])
    logits = np.mean([crops.descriptor_logits[:, 0] for crops in out_of_fold.values()], axis=0)
    scores = 1 / (1 + np.exp(-(found.slope * logits + found.intercept)))
    assert scores.mean() == pytest.approx(found.given / found.crops, abs=1e-3)


def test_a_rare_descriptor_has_no_scale(out_of_fold):
    assert concept_scales(out_of_fold, ["obscured", "round"])[0].descriptor == "round"
    assert concept_scales({}, ["round"]) == []
    assert concept_scales(out_of_fold, []) == []

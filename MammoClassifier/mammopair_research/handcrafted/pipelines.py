"""The three scikit-learn pipelines, and their fitted parameters as arrays.

Unknown features are replaced by the median of the training rows, which is part of the fit.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from mammopair_research.handcrafted.classifier import FARTHEST, Arrays, Kind
from mammopair_research.handcrafted.search_plan import Settings

if TYPE_CHECKING:
    from sklearn.ensemble import GradientBoostingClassifier
    from sklearn.pipeline import Pipeline

SUBSAMPLE, MAX_FEATURES = 0.5, 0.1
"""Fractions of rows and features that each tree of the boosting is fitted on."""


def build_pipeline(kind: Kind, settings: Settings) -> Pipeline:
    """Return an unfitted pipeline; fits are deterministic."""
    from sklearn.ensemble import GradientBoostingClassifier
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer, StandardScaler
    from sklearn.svm import SVC

    median = SimpleImputer(strategy="median", keep_empty_features=True)
    if kind == "gradient boosting":
        return make_pipeline(
            median,
            GradientBoostingClassifier(
                n_estimators=int(settings["trees"]),
                max_depth=int(settings["depth"]),
                learning_rate=settings["rate"],
                subsample=SUBSAMPLE,
                max_features=MAX_FEATURES,
                random_state=0,
            ),
        )
    last = (
        LogisticRegression(C=settings["strength"], max_iter=2000)
        if kind == "logistic regression"
        else SVC(C=settings["strength"], gamma=settings["gamma"])
    )
    clip = partial(np.clip, a_min=-FARTHEST, a_max=FARTHEST)
    return make_pipeline(median, StandardScaler(), FunctionTransformer(clip), last)


def fitted_arrays(kind: Kind, pipeline: Pipeline) -> Arrays:
    """Return the arrays of a ``FeatureClassifier`` from a fitted pipeline."""
    last = pipeline[-1]
    arrays: Arrays = {"median": np.nan_to_num(pipeline[0].statistics_)}
    if kind == "gradient boosting":
        return arrays | _trees(last)
    arrays |= {"mean": pipeline[1].mean_, "scale": pipeline[1].scale_}
    if kind == "logistic regression":
        return arrays | {"weights": last.coef_[0], "offset": last.intercept_}
    return arrays | {
        "vectors": last.support_vectors_,
        "weights": last.dual_coef_[0],
        "offset": last.intercept_,
        "gamma": np.array([last.gamma], np.float64),
    }


def _trees(boosting: GradientBoostingClassifier) -> Arrays:
    """Return arrays ``(trees, nodes)``, padded with 0; the child of a leaf is itself."""
    trees = [one.tree_ for one in boosting.estimators_[:, 0]]
    shape = (len(trees), max(tree.node_count for tree in trees))
    left, right, feature = (np.zeros(shape, np.int64) for _ in range(3))
    threshold, value = np.zeros(shape), np.zeros(shape)
    for row, tree in enumerate(trees):
        used, nodes = slice(tree.node_count), np.arange(tree.node_count)
        leaf = tree.children_left < 0
        left[row, used] = np.where(leaf, nodes, tree.children_left)
        right[row, used] = np.where(leaf, nodes, tree.children_right)
        feature[row, used] = np.where(leaf, 0, tree.feature)
        threshold[row, used] = tree.threshold
        value[row, used] = boosting.learning_rate * tree.value[:, 0, 0]
    malignant = boosting.init_.class_prior_[1]
    return {
        "left": left,
        "right": right,
        "feature": feature,
        "threshold": threshold,
        "value": value,
        "offset": np.array([np.log(malignant / (1 - malignant))]),
    }

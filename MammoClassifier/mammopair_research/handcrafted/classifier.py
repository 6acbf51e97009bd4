"""A fitted classifier as arrays, applied without scikit-learn and loaded without unpickling.

The result therefore does not depend on the installed version. Three kinds, each with a decision
value that increases with malignancy, of ``z = (x - mean) / scale`` clipped to :data:`FARTHEST`, or,
for trees, of ``x``; unknown features are replaced by the median of the training data:

- logistic regression, ``w z + b``;
- a support vector machine, ``sum_i a_i exp(-gamma |z - v_i|^2) + b``;
- gradient boosting, ``b + sum`` of the leaves that ``x`` falls into.

The logit of malignancy is ``slope * decision + intercept`` (Platt 1999).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import numpy as np
import numpy.typing as npt

from mammopair.atomic_write import atomic_write_bytes, make_folder
from mammopair.errors import InputError
from mammopair.features.catalogue import FEATURE_NAMES, FEATURES_VERSION
from mammopair.io.json_file import read_json, write_json

FILE, ARRAYS = "model.json", "model.safetensors"
FARTHEST = 5.0
"""Limit of standardised features, so that outliers do not dominate."""

Kind = Literal["logistic regression", "support vector machine", "gradient boosting"]
Values = npt.NDArray[np.float64]
Arrays = dict[str, npt.NDArray[Any]]


class Description(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Contents of ``model.json``, beside the arrays."""

    schema: Literal[1] = 1
    kind: Kind
    settings: dict[str, float]
    """Hyperparameters, chosen on the training patients."""
    slope: Annotated[float, msgspec.Meta(gt=0)]
    intercept: float
    features: list[str]
    features_version: int
    data: str = ""
    """The data set with reference and licence."""
    patients: list[str] = []
    """Training patients; the classifier must not be measured on them."""
    fitted_from: str = ""
    """Hash of the rows and the hyperparameters tried, to recognise a cached fit."""
    inner_auc: float | None = None
    """Mean AUC on the inner folds, by which the hyperparameters were chosen."""
    arrays_sha256: str = ""
    software: str = ""
    notice: str = ""


@dataclass(frozen=True)
class FeatureClassifier:
    """A classifier in memory."""

    description: Description
    arrays: Arrays

    def decide(self, values: Values) -> Values:
        """Compute decision values ``(rows,)`` of features ``(rows, features)``."""
        known = np.where(np.isnan(values), self.arrays["median"], values)
        return _DECISIONS[self.description.kind](self.arrays, known)

    def logits(self, values: Values) -> Values:
        """Compute logits of malignancy ``(rows,)`` of features ``(rows, features)``."""
        return self.description.slope * self.decide(values) + self.description.intercept

    @property
    def size(self) -> int:
        """Number of parameters."""
        return sum(array.size for array in self.arrays.values())


def save_classifier(classifier: FeatureClassifier, folder: Path) -> None:
    """Write ``model.safetensors`` and ``model.json``.

    Raises
    ------
    InputError
        If a file cannot be written.
    """
    from safetensors.numpy import save

    content = save({name: np.ascontiguousarray(array) for name, array in classifier.arrays.items()})
    sha256 = hashlib.sha256(content).hexdigest()
    described = msgspec.structs.replace(classifier.description, arrays_sha256=sha256)
    make_folder(folder)
    atomic_write_bytes(folder / ARRAYS, content)
    write_json(folder / FILE, described)


def load_classifier(folder: Path) -> FeatureClassifier:
    """Read a classifier; its logits are bit-identical to those of the saved one.

    Raises
    ------
    InputError
        If a file is missing or damaged, or the classifier uses other features than this version.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    path, arrays = folder / FILE, folder / ARRAYS
    described = read_json(path, Description, "fit the model again")
    if described is None:
        raise InputError(path, "is missing; fit the model again")
    try:
        content = arrays.read_bytes()
    except OSError as error:
        raise InputError(
            arrays, f"cannot be read: {error.strerror}; fit the model again"
        ) from error
    if (tuple(described.features), described.features_version) != (FEATURE_NAMES, FEATURES_VERSION):
        raise InputError(
            path, "was fitted on other features than those of this version; fit the model again"
        )
    if hashlib.sha256(content).hexdigest() != described.arrays_sha256:
        raise InputError(arrays, f"does not match arrays_sha256 of {FILE}; fit the model again")
    try:
        return FeatureClassifier(described, load(content))
    except SafetensorError as error:
        raise InputError(arrays, f"is not safetensors ({error}); fit the model again") from error


def _standardise(arrays: Arrays, values: Values) -> Values:
    return np.clip((values - arrays["mean"]) / arrays["scale"], -FARTHEST, FARTHEST)


def _logistic(arrays: Arrays, values: Values) -> Values:
    return np.asarray(_standardise(arrays, values) @ arrays["weights"] + arrays["offset"])


def _support_vectors(arrays: Arrays, values: Values) -> Values:
    at, vectors = _standardise(arrays, values), arrays["vectors"]
    squared = (at**2).sum(1)[:, None] + (vectors**2).sum(1) - 2 * at @ vectors.T
    return np.asarray(np.exp(-arrays["gamma"] * squared) @ arrays["weights"] + arrays["offset"])


def _boosting(arrays: Arrays, values: Values) -> Values:
    """Sum the values of the leaves; trees are ``(trees, nodes)``, the child of a leaf is itself."""
    compared = values.astype(np.float32)  # the precision that the trees were fitted in
    trees = np.arange(len(arrays["left"]))
    node = np.zeros((len(values), len(trees)), np.int64)
    rows = np.arange(len(values))[:, None]
    while True:
        feature = arrays["feature"][trees, node]
        goes_left = compared[rows, feature] <= arrays["threshold"][trees, node]
        after = np.where(goes_left, arrays["left"][trees, node], arrays["right"][trees, node])
        if (after == node).all():
            return np.asarray(arrays["value"][trees, node].sum(axis=1) + arrays["offset"])
        node = after


_DECISIONS: dict[str, Callable[[Arrays, Values], Values]] = {
    "logistic regression": _logistic,
    "support vector machine": _support_vectors,
    "gradient boosting": _boosting,
}

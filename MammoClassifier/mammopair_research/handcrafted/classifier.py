"""A fitted classifier as plain arrays: what is saved, loaded and asked.

It needs no scikit-learn and unpickles nothing, so a saved one answers alike whatever is installed.
Three kinds, each a decision that rises with malignancy, on ``z = (x - mean) / scale`` kept within
:data:`FARTHEST`, or, for trees, on ``x`` itself; unknown features are the training's median:

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

from mammopair.atomic_write import atomic_write
from mammopair.errors import InputError
from mammopair.features.catalogue import FEATURE_NAMES, FEATURES_VERSION

FILE, ARRAYS = "model.json", "model.safetensors"
FARTHEST = 5.0
"""Standard deviations beyond which a feature counts as this far: an odd crop must not decide."""

Kind = Literal["logistic regression", "support vector machine", "gradient boosting"]
Values = npt.NDArray[np.float64]
Arrays = dict[str, npt.NDArray[Any]]


class Description(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``model.json``: what a classifier is, beside its arrays."""

    schema: Literal[1] = 1
    kind: Kind
    settings: dict[str, float]
    """What was chosen inside the training patients."""
    slope: Annotated[float, msgspec.Meta(gt=0)]
    intercept: float
    features: list[str]
    features_version: int
    data: str = ""
    """The collection, its reference and its licence."""
    patients: list[str] = []
    """Whom it was fitted on, and so must not be measured on."""
    fitted_from: str = ""
    """Fingerprint of the rows and the settings tried; the same are not fitted twice."""
    inner_auc: float | None = None
    """Of these settings among the training patients, by which they were chosen."""
    arrays_sha256: str = ""
    software: str = ""
    notice: str = ""


@dataclass(frozen=True)
class FeatureClassifier:
    """A classifier in memory."""

    description: Description
    arrays: Arrays

    def decide(self, values: Values) -> Values:
        """``(rows, features)`` to ``(rows,)``: higher is more malignant."""
        known = np.where(np.isnan(values), self.arrays["median"], values)
        return _DECISIONS[self.description.kind](self.arrays, known)

    def logits(self, values: Values) -> Values:
        """``(rows, features)`` to ``(rows,)``: the logit of malignancy."""
        return self.description.slope * self.decide(values) + self.description.intercept

    @property
    def size(self) -> int:
        """Numbers that it holds."""
        return sum(array.size for array in self.arrays.values())


def save_classifier(classifier: FeatureClassifier, folder: Path) -> None:
    """Write ``model.json`` and ``model.safetensors``, arrays first.

    Raises
    ------
    InputError
        If the folder cannot be written to.
    """
    from safetensors.numpy import save

    content = save({name: np.ascontiguousarray(array) for name, array in classifier.arrays.items()})
    sha256 = hashlib.sha256(content).hexdigest()
    described = msgspec.structs.replace(classifier.description, arrays_sha256=sha256)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / ARRAYS).write_bytes(content)
    except OSError as error:
        raise InputError(folder, f"cannot be written to: {error.strerror}") from error
    with atomic_write(folder / FILE) as stream:
        stream.write(msgspec.json.format(msgspec.json.encode(described), indent=2).decode() + "\n")


def load_classifier(folder: Path) -> FeatureClassifier:
    """Read a classifier back; it gives the same logits, to the last bit.

    Raises
    ------
    InputError
        Naming the file, if it is missing, damaged, or made for other features than this version
        measures.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    path = folder / FILE
    try:
        described = msgspec.json.decode(path.read_bytes(), type=Description)
        content = (folder / ARRAYS).read_bytes()
    except OSError as error:
        name = error.filename or path
        raise InputError(name, f"cannot be read: {error.strerror}; fit the model anew") from error
    except msgspec.MsgspecError as error:
        raise InputError(path, f"does not describe a classifier: {error}") from error
    if (tuple(described.features), described.features_version) != (FEATURE_NAMES, FEATURES_VERSION):
        raise InputError(path, "was fitted on other features than this version has; fit it anew")
    if hashlib.sha256(content).hexdigest() != described.arrays_sha256:
        raise InputError(
            folder / ARRAYS, f"is not the file that {FILE} names; it was damaged, so fit it anew"
        )
    try:
        return FeatureClassifier(described, load(content))
    except SafetensorError as error:
        raise InputError(folder / ARRAYS, f"is not safetensors: {error}") from error


def _standardised(arrays: Arrays, values: Values) -> Values:
    return np.clip((values - arrays["mean"]) / arrays["scale"], -FARTHEST, FARTHEST)


def _logistic(arrays: Arrays, values: Values) -> Values:
    return np.asarray(_standardised(arrays, values) @ arrays["weights"] + arrays["offset"])


def _support_vectors(arrays: Arrays, values: Values) -> Values:
    at, vectors = _standardised(arrays, values), arrays["vectors"]
    squared = (at**2).sum(1)[:, None] + (vectors**2).sum(1) - 2 * at @ vectors.T
    return np.asarray(np.exp(-arrays["gamma"] * squared) @ arrays["weights"] + arrays["offset"])


def _boosting(arrays: Arrays, values: Values) -> Values:
    """Trees are ``(trees, nodes)``; a leaf leads to itself."""
    compared = values.astype(np.float32)  # as the trees were grown
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

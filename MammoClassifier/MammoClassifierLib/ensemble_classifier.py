"""The classifier of the logic: its interface, and the implementation with the engine's ensemble."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from slicer.i18n import tr as _

from MammoClassifierLib.scene.map_nodes import EXACT
from mammopair.errors import InputError
from mammopair.warning import CodedWarning

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from mammopair.explain.view_explanation import ViewCounterfactuals, ViewMap
    from mammopair.lesion import Lesion, MarkedView
    from mammopair.model.ensemble import Ensemble
    from mammopair.progress import Progress
    from mammopair.record import Record


class Classifier(Protocol):
    """Classifies and explains marked lesions; closing a generator cancels the work."""

    def prepare(self) -> None:
        """Load the networks; nothing is done if they are loaded.

        Raises
        ------
        mammopair.errors.InputError
            If weights are missing or do not match their SHA-256.
        """

    def classify(self, lesion: Lesion) -> Generator[Progress, None, Record]:
        """Classify a lesion; raises as :func:`mammopair.classification.classify_stepwise`."""

    def bestMap(self) -> str:
        """Return the method with the best measured faithfulness; after :meth:`prepare`."""

    def explain(
        self, marked: MarkedView, views: int, method: str
    ) -> Generator[Progress, None, ViewMap]:
        """Compute a map of one of the ``views`` views of a lesion."""

    def generateCounterfactuals(
        self, marked: MarkedView, views: int
    ) -> Generator[Progress, None, ViewCounterfactuals]:
        """Generate the counterfactual images of one of the ``views`` views of a lesion."""

    def checkSameModel(self, record: Record) -> None:
        """Raise :class:`~mammopair.errors.InputError` if another model produced a record."""

    @property
    def device(self) -> str:
        """``cpu``, ``cuda:0`` or ``mps:0``; empty before :meth:`prepare`."""


class EnsembleClassifier:
    """The trained ensemble, loaded once and shared by all classifiers in this process.

    Parameters
    ----------
    nameOrPath
        Name of a packaged ensemble, or its folder; None for the default ensemble.
    """

    def __init__(self, nameOrPath: str | Path | None = None) -> None:
        self._nameOrPath = nameOrPath

    @property
    def device(self) -> str:
        """Where the networks are; the engine moves them to the CPU if the GPU memory is full."""
        ensemble = _loaded.get(self._nameOrPath)
        return str(ensemble.device) if ensemble else ""

    def prepare(self) -> None:
        """Load the ensemble, on the GPU if there is one with enough memory."""
        if self._nameOrPath not in _loaded:
            _loaded[self._nameOrPath] = _load(self._nameOrPath)

    def classify(self, lesion: Lesion) -> Generator[Progress, None, Record]:
        """Classify with the ensemble."""
        from mammopair.classification import classify_stepwise

        (record,) = yield from classify_stepwise(lesion, self._ensemble())
        return record

    def bestMap(self) -> str:
        """Return the measured choice of the ensemble; the exact map if there is none."""
        from mammopair.explain.default_method import default_method

        try:
            return default_method(self._ensemble())
        except InputError:  # an unreadable choice of the map does not prevent the classification
            return EXACT

    def explain(
        self, marked: MarkedView, views: int, method: str
    ) -> Generator[Progress, None, ViewMap]:
        """Compute a map of the ensemble."""
        from mammopair.explain.view_explanation import map_view

        return (yield from map_view(self._ensemble(), marked, views, method))

    def generateCounterfactuals(
        self, marked: MarkedView, views: int
    ) -> Generator[Progress, None, ViewCounterfactuals]:
        """Generate counterfactual images of the ensemble."""
        from mammopair.explain.view_explanation import counterfactuals_of_view

        return (yield from counterfactuals_of_view(self._ensemble(), marked, views))

    def checkSameModel(self, record: Record) -> None:
        """Compare the SHA-256 of the manifests, which contain those of the weights."""
        if record.model.sha256 != self._ensemble().sha256:
            problem = _("produced this result but is not installed; click Classify again")
            raise InputError(f"{record.model.name} {record.model.version}", problem)

    def _ensemble(self) -> Ensemble:
        self.prepare()
        return _loaded[self._nameOrPath]


def _load(nameOrPath: str | Path | None) -> Ensemble:
    """Load onto the best device; onto the CPU, with a warning, if the GPU memory is too small."""
    import torch

    from mammopair.model.ensemble import load_ensemble

    try:
        return load_ensemble(nameOrPath)
    except torch.OutOfMemoryError:
        ensemble = load_ensemble(nameOrPath, device="cpu")
        message = _("The GPU does not have enough memory for the ensemble; the CPU was used.")
        ensemble.warnings.append(CodedWarning(code="out-of-gpu-memory", message=message))
        return ensemble


_loaded: dict[str | Path | None, Ensemble] = {}

"""What the logic needs of a classifier, and the one that ships: mammopair's ensemble."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from slicer.i18n import tr as _

from MammoClassifierLib.scene.map_nodes import EXACT
from mammopair.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from mammopair.explain.view_explanation import ViewCounterfactuals, ViewMap
    from mammopair.lesion import Lesion, MarkedView
    from mammopair.model.ensemble import Ensemble
    from mammopair.progress import Progress
    from mammopair.record import Record


class Classifier(Protocol):
    """Turns a marked lesion into a record, step by step."""

    def prepare(self) -> None:
        """Load what takes long; doing it again costs nothing.

        Raises
        ------
        mammopair.errors.InputError
            If weights are missing or were tampered with.
        """

    def classify(self, lesion: Lesion) -> Generator[Progress, None, Record]:
        """Classify; closing the generator cancels. Raises as ``classify_stepwise`` does."""

    def bestMap(self) -> str:
        """The method whose map measured best on it; asked after :meth:`prepare`."""

    def explain(
        self, marked: MarkedView, views: int, method: str
    ) -> Generator[Progress, None, ViewMap]:
        """A map of one of the ``views`` views of a lesion, step by step."""

    def move(
        self, marked: MarkedView, views: int
    ) -> Generator[Progress, None, ViewCounterfactuals]:
        """The mass of a view moved towards malignant and benign, step by step."""

    def checkSame(self, record: Record) -> None:
        """Raise :class:`~mammopair.errors.InputError` if another classifier made a record."""

    @property
    def device(self) -> str:
        """What it runs on, ``cpu`` or ``cuda``; empty before :meth:`prepare`."""


class EnsembleClassifier:
    """The trained ensemble, loaded once and shared by everything in this Slicer.

    Parameters
    ----------
    nameOrPath
        An ensemble that ships, by name, or a folder; None for the default one.
    """

    def __init__(self, nameOrPath: str | Path | None = None) -> None:
        self._nameOrPath = nameOrPath

    @property
    def device(self) -> str:
        """Where the ensemble is; mammopair moves it to the CPU if the GPU runs out of memory."""
        loaded = _loaded.get(self._nameOrPath)
        return str(loaded.device) if loaded else ""

    def prepare(self) -> None:
        """Load the ensemble, on the GPU where there is one and room on it."""
        if self._nameOrPath not in _loaded:
            _loaded[self._nameOrPath] = _load(self._nameOrPath)

    def classify(self, lesion: Lesion) -> Generator[Progress, None, Record]:
        """Classify with the ensemble."""
        from mammopair.classification import classify_stepwise

        self.prepare()
        (record,) = yield from classify_stepwise(lesion, _loaded[self._nameOrPath])
        return record

    def bestMap(self) -> str:
        """As the ensemble's measured choice says; the exact map where nothing was measured."""
        from mammopair.explain.default_method import default_method

        try:
            return default_method(_loaded[self._nameOrPath])
        except InputError:  # a damaged choice of a map is no reason not to classify
            return EXACT

    def explain(
        self, marked: MarkedView, views: int, method: str
    ) -> Generator[Progress, None, ViewMap]:
        """A map by the ensemble."""
        from mammopair.explain.view_explanation import map_view

        self.prepare()
        return (yield from map_view(_loaded[self._nameOrPath], marked, views, method))

    def move(
        self, marked: MarkedView, views: int
    ) -> Generator[Progress, None, ViewCounterfactuals]:
        """Moved by the ensemble."""
        from mammopair.explain.view_explanation import counterfactuals_of_view

        self.prepare()
        return (yield from counterfactuals_of_view(_loaded[self._nameOrPath], marked, views))

    def checkSame(self, record: Record) -> None:
        """By the SHA-256 of the ensemble's manifest, which holds those of the weights."""
        self.prepare()
        if record.model.sha256 != _loaded[self._nameOrPath].sha256:
            problem = _("made this result and is not the one installed; classify again")
            name = f"{record.model.name} {record.model.version}"
            raise InputError(name, problem)


def _load(nameOrPath: str | Path | None) -> Ensemble:
    """On the best device; on the CPU, with a warning, where the GPU has no room for it."""
    import torch

    from mammopair.model.ensemble import load_ensemble
    from mammopair.warning import CodedWarning

    try:
        return load_ensemble(nameOrPath)
    except torch.OutOfMemoryError:
        ensemble = load_ensemble(nameOrPath, device="cpu")
        message = _("The GPU has no room for the ensemble, so the CPU was used.")
        ensemble.warnings.append(CodedWarning(code="out-of-gpu-memory", message=message))
        return ensemble


_loaded: dict[str | Path | None, Ensemble] = {}

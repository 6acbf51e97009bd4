"""The selector of the breast: the breasts in the scene, and which of them is chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slicer.i18n import tr as _

from MammoClassifierLib.scene.breast_pairs import BreastInScene, findBreasts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import qt
    from slicer import vtkMRMLScalarVolumeNode


class BreastSelector:
    """Lists the breasts of the scene in a combo box; the first row means none of them.

    Parameters
    ----------
    box
        The combo box. Its signals are blocked while it is filled.
    """

    def __init__(self, box: qt.QComboBox) -> None:
        self._box = box
        self._breasts: list[BreastInScene] = []
        self._rows: list[str] = []

    def setVolumes(self, volumes: Sequence[vtkMRMLScalarVolumeNode]) -> None:
        """List the breasts that these volumes show."""
        try:
            self._breasts = findBreasts(volumes)
        except ImportError:  # before the installation, the views are chosen by hand
            self._breasts = []
        if self._breasts:
            first = _("views chosen below")
        else:
            first = _("none recognised; choose the views below")
        rows = [first, *(breast.title for breast in self._breasts)]
        if rows == self._rows:
            return
        self._rows = rows
        blocked = self._box.blockSignals(True)
        self._box.clear()
        for row in rows:
            self._box.addItem(row)
        self._box.blockSignals(blocked)

    def breastOfRow(self, row: int) -> BreastInScene | None:
        """Return the breast of a row; None for the first row."""
        return self._breasts[row - 1] if 0 < row <= len(self._breasts) else None

    def show(self, volumes: Mapping[str, vtkMRMLScalarVolumeNode | None]) -> None:
        """Select the row of the breast whose volumes are chosen."""
        pairs = [{"CC": breast.cc, "MLO": breast.mlo} for breast in self._breasts]
        blocked = self._box.blockSignals(True)
        self._box.setCurrentIndex(pairs.index(volumes) + 1 if volumes in pairs else 0)
        self._box.blockSignals(blocked)

"""The list of breasts in the panel: what the scene shows, and which of it is chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slicer.i18n import tr as _

from MammoClassifierLib.scene.breast_pairs import BreastInScene, breastsInScene

if TYPE_CHECKING:
    import qt
    from slicer import vtkMRMLScalarVolumeNode


class BreastSelector:
    """Fills a combo box with the breasts of the scene; its first row stands for none of them.

    Parameters
    ----------
    box
        The combo box. Its signals are not sent while it is filled.
    """

    def __init__(self, box: qt.QComboBox) -> None:
        self._box = box
        self._breasts: list[BreastInScene] = []

    def find(self) -> None:
        """Look through the scene, and list what is there."""
        try:
            self._breasts = breastsInScene()
        except ImportError:  # the engine's reader is not installed yet: views are chosen by hand
            self._breasts = []
        blocked = self._box.blockSignals(True)
        self._box.clear()
        self._box.addItem(_("chosen by hand") if self._breasts else _("no mammogram found"))
        for breast in self._breasts:
            self._box.addItem(breast.title)
        self._box.blockSignals(blocked)

    def breast(self, row: int) -> BreastInScene | None:
        """The breast of a row, from 1."""
        return self._breasts[row - 1] if 0 < row <= len(self._breasts) else None

    def show(self, chosen: dict[str, vtkMRMLScalarVolumeNode | None]) -> None:
        """Select the row of the breast whose views are chosen."""
        pairs = [{"CC": breast.cc, "MLO": breast.mlo} for breast in self._breasts]
        blocked = self._box.blockSignals(True)
        self._box.setCurrentIndex(pairs.index(chosen) + 1 if chosen in pairs else 0)
        self._box.blockSignals(blocked)

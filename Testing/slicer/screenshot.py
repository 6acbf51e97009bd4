"""Makes the picture of the panel and both views for README, on the host.

``python -m Testing.slicer.screenshot [OUT.png]``

The panel is the extension's own, grabbed from Qt; the views are the pixels that Slicer's own
slice logic composes. ROI outlines are drawn here, where the ROI nodes are: the host does not
render markups. The picture says of itself that 3D Slicer did not make it.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
from Testing.slicer.clinic import CASES, PAIR, Clinic
from Testing.slicer_host.host import start_host

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / "Resources" / "Screenshots" / "MammoClassifier.png"
PANEL_WIDTH, VIEW_SIZE, GAP, CAPTION = 480, 640, 6, 30
CLOSE_UP = 5.0
"""Side of a close-up, in sides of the ROI."""
NOTICE = (
    "Made by this project's test host from the extension's panel and Slicer's slice pixels, "
    "not by the 3D Slicer application. Exam: CBIS-DDSM P_00820 (CC BY 3.0). Research use only."
)


def main(out=OUT):
    with start_host() as host:
        clinic = Clinic(host, CASES, 1)
        clinic.load()
        widget = clinic.open()
        for view in ("MammoCC", "MammoMLO"):
            set_size(view)
        widget.enter()
        clinic.mark()
        clinic.classify()
        if clinic.parameters.result is None:
            raise SystemExit(clinic.message)
        pictures = [whole(clinic, projection) for projection in PAIR]
        pictures += [close_up(clinic, projection) for projection in PAIR]
        compose(grab_panel(widget), pictures, out)
        host.leave_module()
    print(out)


def set_size(view):
    import slicer

    logic = slicer.app.layoutManager().sliceWidget(view).sliceLogic()
    logic.GetSliceNode().SetDimensions(VIEW_SIZE, VIEW_SIZE, 1)


def whole(clinic, projection):
    return picture(clinic, projection)


def close_up(clinic, projection):
    """The same view, moved and magnified as a user would with the mouse."""
    import slicer

    roi = getattr(clinic.parameters, f"{projection.lower()}Roi")
    widget = slicer.app.layoutManager().sliceWidget(f"Mammo{projection}")
    node = widget.sliceLogic().GetSliceNode()
    side = CLOSE_UP * max(roi.GetSize()[:2])
    node.SetFieldOfView(side, side, node.GetFieldOfView()[2])
    node.JumpSliceByCentering(*roi.GetCenterWorld())
    return picture(clinic, projection)


def picture(clinic, projection):
    """The composed pixels with the outline of the ROI, as a Qt image."""
    import numpy as np
    from PySide6.QtCore import QPointF
    from PySide6.QtGui import QColor, QImage, QPainter, QPen, QPolygonF

    pixels = clinic.host.slice_pixels(f"Mammo{projection}")
    rgba = np.ascontiguousarray(pixels.rgba)
    image = QImage(rgba.data, rgba.shape[1], rgba.shape[0], QImage.Format_RGBX8888).copy()
    roi = getattr(clinic.parameters, f"{projection.lower()}Roi")
    matrix, half = roi.GetObjectToWorldMatrix(), np.array(roi.GetSize()) / 2
    corners = []
    for x, y in ((-1, -1), (1, -1), (1, 1), (-1, 1)):
        ras = matrix.MultiplyPoint((x * half[0], y * half[1], 0.0, 1.0))[:3]
        row, column = pixels.pixel_at(ras)
        corners.append(QPointF(column, row))
    painter = QPainter(image)
    painter.setPen(QPen(QColor.fromRgbF(*roi.GetDisplayNode().GetSelectedColor()), 2))
    painter.drawPolygon(QPolygonF(corners))
    painter.setPen(QColor("white"))
    painter.drawText(8, 18, projection)
    painter.end()
    return image


def grab_panel(widget):
    """The panel on its own, as high as it needs to be."""
    from PySide6.QtGui import QColor, QPalette
    from PySide6.QtWidgets import QApplication

    panel = widget.parent
    panel.setParent(None)
    palette = QPalette(QColor("#efefef"))
    palette.setColor(QPalette.Window, QColor("#efefef"))
    QApplication.setPalette(palette)
    panel.setPalette(palette)
    panel.setAutoFillBackground(True)
    panel.show()
    panel.resize(PANEL_WIDTH, max(2 * VIEW_SIZE + GAP, panel.heightForWidth(PANEL_WIDTH)))
    QApplication.processEvents()
    return panel.grab().toImage()


def compose(panel, pictures, out):
    from PySide6.QtGui import QColor, QImage, QPainter

    width = PANEL_WIDTH + 2 * (VIEW_SIZE + GAP)
    height = max(2 * VIEW_SIZE + GAP, panel.height())
    sheet = QImage(width, height + CAPTION, QImage.Format_RGB32)
    sheet.fill(QColor("#efefef"))
    painter = QPainter(sheet)
    painter.drawImage(0, 0, panel)
    for place, image in enumerate(pictures):
        x = PANEL_WIDTH + GAP + (place % 2) * (VIEW_SIZE + GAP)
        painter.drawImage(x, (place // 2) * (VIEW_SIZE + GAP), image)
    painter.setPen(QColor("#222222"))
    painter.drawText(10, height + 20, NOTICE)
    painter.end()
    Path(out).parent.mkdir(parents=True, exist_ok=True)
    if not sheet.save(str(out)):
        raise OSError(f"{out} was not written")


if __name__ == "__main__":
    main(*(sys.argv[1:2] or [OUT]))

"""Create the picture of the panel and both views for the documentation, on the test host.

``python -m Testing.slicer.screenshot [OUT.png]``

The panel is grabbed from Qt, and the views are composed by Slicer's slice logic. The host does not
render markups, so the ROI outlines are drawn here. The caption states that the picture was not
taken in 3D Slicer.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
from Testing.slicer.module_user import CASES, PAIR, ModuleUser
from Testing.slicer_host.host import start_host

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / "Resources" / "Screenshots" / "MammoClassifier.png"
PANEL_WIDTH, VIEW_SIZE, GAP, CAPTION = 480, 640, 6, 30
CLOSE_UP = 5.0
"""Side of a close-up divided by the side of the ROI."""
NOTICE = (
    "Made by this project's test host from the extension's panel and Slicer's slice pixels, "
    "not by the 3D Slicer application. Exam: CBIS-DDSM P_00820 (CC BY 3.0). Research use only."
)


def main(out=OUT):
    with start_host() as host:
        user = ModuleUser(host, CASES, 1)
        user.load()
        widget = user.open()
        for view in ("MammoCC", "MammoMLO"):
            set_size(view)
        widget.enter()
        user.mark()
        user.classify()
        if user.parameters.result is None:
            raise SystemExit(user.message)
        pictures = [whole(user, projection) for projection in PAIR]
        pictures += [close_up(user, projection) for projection in PAIR]
        compose(grab_panel(widget), pictures, out)
        host.leave_module()
    print(out)


def set_size(view):
    import slicer

    logic = slicer.app.layoutManager().sliceWidget(view).sliceLogic()
    logic.GetSliceNode().SetDimensions(VIEW_SIZE, VIEW_SIZE, 1)


def whole(user, projection):
    return picture(user, projection)


def close_up(user, projection):
    """The same view, centred on the ROI and enlarged."""
    import slicer

    roi = getattr(user.parameters, f"{projection.lower()}Roi")
    widget = slicer.app.layoutManager().sliceWidget(f"Mammo{projection}")
    node = widget.sliceLogic().GetSliceNode()
    side = CLOSE_UP * max(roi.GetSize()[:2])
    node.SetFieldOfView(side, side, node.GetFieldOfView()[2])
    node.JumpSliceByCentering(*roi.GetCenterWorld())
    return picture(user, projection)


def picture(user, projection):
    """The composed pixels with the outline of the ROI."""
    import numpy as np
    from PySide6.QtCore import QPointF
    from PySide6.QtGui import QColor, QImage, QPainter, QPen, QPolygonF

    pixels = user.host.slice_pixels(f"Mammo{projection}")
    rgba = np.ascontiguousarray(pixels.rgba)
    image = QImage(rgba.data, rgba.shape[1], rgba.shape[0], QImage.Format_RGBX8888).copy()
    roi = getattr(user.parameters, f"{projection.lower()}Roi")
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
    """The panel with its full height."""
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
        raise OSError(f"{out}: cannot be written")


if __name__ == "__main__":
    main(*(sys.argv[1:2] or [OUT]))

"""Draw README's picture of the demo's report: ``python -m Testing.documents.report_picture``.

Needs headless Chromium, and ``demo-out/report.html`` as ``make demo`` writes it.
"""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).parents[2]
REPORT = ROOT / "demo-out" / "report.html"
PICTURE = ROOT / "Resources" / "Screenshots" / "report.png"
WIDTH, HEIGHT = 1280, 1600
COLOURS = 128
"""Of the picture's palette, which keeps it small."""


def draw() -> None:
    """Take the screenshot and keep it with few colours."""
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as profile:
        subprocess.run(
            [
                *("chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"),
                *("--no-first-run", "--disable-background-networking", "--disable-sync"),
                *("--disable-component-update", "--disable-quic", f"--user-data-dir={profile}"),
                *(f"--screenshot={PICTURE}", f"--window-size={WIDTH},{HEIGHT}"),
                REPORT.as_uri(),
            ],
            check=True,
            capture_output=True,
        )
    Image.open(PICTURE).convert("RGB").quantize(COLOURS).save(PICTURE, optimize=True)


if __name__ == "__main__":
    draw()

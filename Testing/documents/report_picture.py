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
PICTURE = ROOT / "Resources" / "Screenshots" / "report.jpg"
WIDTH, HEIGHT = 1280, 2950


def draw() -> None:
    """Take the screenshot and keep it as a JPEG, which is a quarter of the size."""
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as profile:
        shot = Path(profile) / "report.png"
        subprocess.run(
            [
                *("chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"),
                *("--no-first-run", "--disable-background-networking", "--disable-sync"),
                *("--disable-component-update", "--disable-quic", f"--user-data-dir={profile}"),
                *(f"--screenshot={shot}", f"--window-size={WIDTH},{HEIGHT}"),
                REPORT.as_uri(),
            ],
            check=True,
            capture_output=True,
        )
        Image.open(shot).convert("RGB").save(PICTURE, quality=88, optimize=True)


if __name__ == "__main__":
    draw()

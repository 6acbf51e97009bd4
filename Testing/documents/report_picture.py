"""Write README's picture of the demo report: ``python -m Testing.documents.report_picture``.

Needs headless Chromium, and ``demo-out/report.html``, which ``make demo`` writes.
"""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).parents[2]
REPORT = ROOT / "demo-out" / "report.html"
PICTURE = ROOT / "Resources" / "Screenshots" / "report.jpg"
WIDTH, HEIGHT = 1280, 2820
"""Size of the browser window, in pixels: the overview and the first lesion."""


def take_screenshot() -> None:
    """Take a screenshot of the report and save it as JPEG, which is smaller than PNG."""
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as profile:
        screenshot = Path(profile) / "report.png"
        subprocess.run(
            [
                *("chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"),
                *("--no-first-run", "--disable-background-networking", "--disable-sync"),
                *("--disable-component-update", "--disable-quic", f"--user-data-dir={profile}"),
                *(f"--screenshot={screenshot}", f"--window-size={WIDTH},{HEIGHT}"),
                REPORT.as_uri(),
            ],
            check=True,
            capture_output=True,
        )
        Image.open(screenshot).convert("RGB").save(PICTURE, quality=88, optimize=True)


if __name__ == "__main__":
    take_screenshot()

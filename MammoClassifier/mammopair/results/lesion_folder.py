"""The folder name of a lesion's results."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from mammopair.record import Record

WINDOWS_DEVICE = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
"""Names that Windows does not allow for files."""


def lesion_folder(record: Record) -> Path:
    """Return the relative path ``CASE/LESION`` for the results of one lesion.

    Characters other than ``A-Z a-z 0-9 . _ -`` are replaced. Names that were changed, or that
    Windows does not support, end in eight digits of their SHA-256, so that different lesions have
    different folders.
    """
    return Path(_file_name(record.case_id)) / _file_name(record.lesion_id)


def _file_name(name: str) -> str:
    kept = re.sub(r"[^A-Za-z0-9._-]", "-", name)[:60]
    if kept == name and name.strip(".") == name and not WINDOWS_DEVICE.fullmatch(name):
        return name
    prefix = "_" if WINDOWS_DEVICE.fullmatch(kept) else ""
    return f"{prefix}{kept.strip('.') or 'x'}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"

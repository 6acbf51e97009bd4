"""Fixtures of the engine's tests."""

from __future__ import annotations

from Testing.shared_fixtures import (
    by_view,
    by_view_folder,
    cbis,
    crop_folder,
    ensemble,
    ensemble_folder,
    one_thread,
    pool,
    shipped,
)

__all__ = [
    "by_view",
    "by_view_folder",
    "cbis",
    "crop_folder",
    "ensemble",
    "ensemble_folder",
    "one_thread",
    "pool",
    "shipped",
]

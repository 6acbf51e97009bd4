"""Fixtures shared by all tests."""

from __future__ import annotations

import pytest

from Testing.slicer_host.fixture import slicer_host

__all__ = ["slicer_host"]


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers",
        "slicer_host(main_window, layout_manager, torch, missing, packaging, testing, answers): "
        "switches of the fixture slicer_host",
    )

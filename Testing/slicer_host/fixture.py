"""The pytest fixture ``slicer_host``: a host for one test."""

from __future__ import annotations

import pytest

from . import dicom_database  # noqa: F401  imports pydicom, which a host may hide
from .host import start_host


@pytest.fixture
def slicer_host(request):
    """A running host with a clean scene; the mark ``slicer_host(option=value)`` sets options."""
    mark = request.node.get_closest_marker("slicer_host")
    with start_host(**(mark.kwargs if mark else {})) as host:
        yield host

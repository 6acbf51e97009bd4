"""Fixtures: synthetic runs with known metrics."""

from __future__ import annotations

import pytest

from mammopair_research.crossval.run_description import read_cross_validation
from Testing.synthetic_runs import write_run_folder


@pytest.fixture
def write(tmp_path):
    """Return a function that writes a run to its own folder and reads it back."""

    def write_and_read(name="net", **fields):
        return read_cross_validation(
            write_run_folder(tmp_path / "runs" / name, name=name, **fields)
        )

    return write_and_read


@pytest.fixture
def matrix(write):
    """One run for both views with three seeds, one for CC, one for MLO, one hand-crafted."""
    return [
        write("both", seeds=(1, 2, 3), skill=0.7),
        write("cc", views=("CC",), skill=0.7),
        write("mlo", views=("MLO",), skill=0.7),
        write("features", method="handcrafted", skill=0.1),
    ]

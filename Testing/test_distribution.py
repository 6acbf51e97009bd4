"""The wheel contains every file of the packages."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("package", ["mammopair", "mammopair_research"])
def test_package_data_covers_every_data_file(package):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    folder = ROOT / "MammoClassifier" / package
    patterns = project["tool"]["setuptools"]["package-data"][package]
    covered = {path for pattern in patterns for path in folder.glob(pattern)}
    files = {path for path in folder.rglob("*") if path.is_file()}
    code = {path for path in files if path.suffix in (".py", ".pyc")}
    assert sorted(files - code - covered) == []

"""Stand-in for ``slicer.packaging``, with the contract of Slicer 5.12."""

from __future__ import annotations

import importlib.metadata
import logging
from pathlib import Path

import slicer
from packaging.requirements import Requirement

__all__ = ["load_requirements", "pip_check", "pip_ensure", "pip_install"]


def load_requirements(path) -> list[Requirement]:
    """Parse a ``requirements.txt``; comments and options of pip are skipped."""
    lines = (line.strip() for line in Path(path).read_text().splitlines())
    return [Requirement(line) for line in lines if line and line[0] not in "#-"]


def _requirements(given) -> list[Requirement]:
    if isinstance(given, Requirement):
        return [given]
    if isinstance(given, str):
        given = given.split()
    return [item if isinstance(item, Requirement) else Requirement(item) for item in given]


def pip_check(requirements) -> bool:
    """Whether the installed packages meet all requirements."""
    for requirement in _requirements(requirements):
        if requirement.marker is not None and not requirement.marker.evaluate():
            continue
        try:
            version = importlib.metadata.version(requirement.name)
        except importlib.metadata.PackageNotFoundError:
            return False
        if not requirement.specifier.contains(version, prereleases=True):
            return False
    return True


def pip_ensure(requirements, prompt_install=True, requester=None, skip_in_testing=True, **_options):
    """Install the packages that are missing, after the user has confirmed.

    Raises
    ------
    RuntimeError
        The user declined.
    subprocess.CalledProcessError
        The installation failed.
    """
    missing = [item for item in _requirements(requirements) if not pip_check(item)]
    if not missing:
        return
    if skip_in_testing and slicer.app.testingEnabled():
        logging.info("Testing mode: %s were not installed", missing)
        return
    if prompt_install:
        title = f"{requester} - Install Python Packages" if requester else "Install"
        question = f"{len(missing)} Python package(s) need to be installed. Continue?"
        if not slicer.util.confirmOkCancelDisplay(question, title):
            raise RuntimeError("User declined package installation")
    pip_install(missing)


def pip_install(requirements, **_options):
    """Install with pip; raises subprocess.CalledProcessError where that fails."""
    wanted = [str(item) for item in _requirements(requirements)]
    slicer.util.executePythonModule("pip", ["install", *wanted])

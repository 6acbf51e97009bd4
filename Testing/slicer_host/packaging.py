"""Stand-in for ``slicer.packaging``: what is missing is asked for once, then installed.

Written from the contract of Slicer 5.12's; shares no text with it.
"""

from __future__ import annotations

import importlib.metadata
import logging
from pathlib import Path

import slicer
from packaging.requirements import Requirement

__all__ = [
    "Requirement",
    "load_pyproject_dependencies",
    "load_requirements",
    "pip_check",
    "pip_ensure",
    "pip_install",
    "pip_uninstall",
]


def load_requirements(path) -> list[Requirement]:
    """The requirements of a ``requirements.txt``; comments and options of pip are passed over."""
    lines = (line.strip() for line in Path(path).read_text().splitlines())
    return [Requirement(line) for line in lines if line and line[0] not in "#-"]


def load_pyproject_dependencies(path) -> list[Requirement]:
    """The dependencies of a ``pyproject.toml``; raises KeyError where it has no project table."""
    import tomllib

    project = tomllib.loads(Path(path).read_text())["project"]
    return [Requirement(line) for line in project.get("dependencies", [])]


def _requirements(given) -> list[Requirement]:
    if isinstance(given, Requirement):
        return [given]
    if isinstance(given, str):
        given = given.split()
    return [item if isinstance(item, Requirement) else Requirement(item) for item in given]


def pip_check(requirements) -> bool:
    """Whether all requirements are met by what is installed."""
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


def pip_ensure(
    requirements,
    constraints=None,
    skip_packages=None,
    prompt_install=True,
    prompt_restart=True,
    requester=None,
    skip_in_testing=True,
    show_progress=True,
):
    """Install what is missing, after asking.

    Raises
    ------
    RuntimeError
        The user declined.
    subprocess.CalledProcessError
        The installation failed.
    """
    missing = [item for item in _requirements(requirements) if not pip_check(item)]
    if not missing:
        return None
    if skip_in_testing and slicer.app.testingEnabled():
        logging.info("testing: %s are not installed", missing)
        return None
    if prompt_install:
        title = f"{requester} - Install Python Packages" if requester else "Install"
        question = f"{len(missing)} Python package(s) need to be installed. Continue?"
        detail = "\n".join(str(item) for item in missing)
        if not slicer.util.confirmOkCancelDisplay(question, title, detailedText=detail):
            raise RuntimeError("User declined package installation")
    return pip_install(
        [str(item) for item in missing], constraints=constraints, skip_packages=skip_packages
    )


def pip_install(
    requirements,
    constraints=None,
    skip_packages=None,
    blocking=True,
    show_progress=False,
    requester=None,
    **_,
):
    """Install with pip; raises subprocess.CalledProcessError where that fails."""
    wanted = [str(item) for item in _requirements(requirements)]
    options = ["-c", str(constraints)] if constraints else []
    slicer.util.executePythonModule("pip", ["install", *wanted, *options])
    return [] if skip_packages else None


def pip_uninstall(requirements, **_):
    """Uninstall with pip."""
    wanted = [item.name for item in _requirements(requirements)]
    slicer.util.executePythonModule("pip", ["uninstall", "--yes", *wanted])

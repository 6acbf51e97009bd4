"""Where installations end on a host: nothing is installed, but all is written down.

Both the stand-in and Slicer's own ``slicer.packaging`` install through
``slicer.util.executePythonModule``; this takes its place.
"""

from __future__ import annotations

import subprocess
from dataclasses import dataclass

import slicer
from packaging.requirements import InvalidRequirement, Requirement

# Parts of the questions that come before an installation, here and in Slicer.
QUESTIONS = ("to be installed", "will be downloaded")


@dataclass(frozen=True)
class Installation:
    """One call of an installer."""

    module: str
    """``pip``, or ``light_the_torch``."""
    arguments: tuple[str, ...]


def open_for(host) -> None:
    """Let a host write its installations down, and answer for its user and network."""
    from .dialogs import desk

    desk.answers.setdefault("restart now", False)
    if host.options.packaging == "declines":
        for question in QUESTIONS:
            desk.answers.setdefault(question, False)

    def execute(module, args, blocking=True, logCallback=None, completedCallback=None):
        host.installations.append(Installation(module, tuple(args)))
        code = 1 if host.options.packaging == "offline" else 0
        if code and logCallback:
            logCallback("Could not fetch URL: there is no network")
        if not code:
            for argument in args:
                try:
                    host.hidden.install(Requirement(argument).name)
                except InvalidRequirement:
                    continue
        if not blocking:
            import qt

            if completedCallback:
                qt.QTimer.singleShot(0, lambda: completedCallback(code))
        elif code:
            raise subprocess.CalledProcessError(code, [module, *args])

    slicer.util.executePythonModule = execute
    slicer.util._executePythonModule = execute

"""Python packages that are missing in a fresh Slicer, and what installing them does here."""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager
from importlib.machinery import ModuleSpec
from typing import NamedTuple

from packaging.requirements import InvalidRequirement, Requirement

QUESTIONS = ("to be installed", "will be downloaded")
"""Parts of the questions before an installation, in the stand-ins and in Slicer."""


def _top(name: str) -> str:
    return name.partition(".")[0].lower().replace("-", "_")


class _FilteredFinder:
    """A finder of ``sys.meta_path`` without some packages and their metadata."""

    def __init__(self, finder, hidden):
        self._finder, self._hidden = finder, hidden

    def find_spec(self, name, path=None, target=None):
        return None if _top(name) in self._hidden else self._finder.find_spec(name, path, target)

    def find_distributions(self, context):
        find = getattr(self._finder, "find_distributions", None)
        if find is None or (context.name and _top(context.name) in self._hidden):
            return iter(())
        return (d for d in find(context) if _top(d.metadata["Name"] or "") not in self._hidden)


class HiddenPackages:
    """Names of packages that cannot be imported now; ``install`` makes one importable.

    It is also a finder and a loader: a module that was imported before it was hidden is restored
    when it is imported again. torch, and other packages with compiled parts, cannot be loaded
    twice in a process.
    """

    def __init__(self, names=(), loaded=()):
        self.names = {_top(name) for name in names}
        self.loaded = dict(loaded)
        self._specs = {name: module.__spec__ for name, module in self.loaded.items()}

    def install(self, name: str) -> None:
        """Make the package importable, without importing it."""
        self.names.discard(_top(name))

    def find_spec(self, name, path=None, target=None):
        if name not in self.loaded or _top(name) in self.names or _top(name) == "mammopair":
            return None
        return ModuleSpec(name, self, is_package=hasattr(self.loaded[name], "__path__"))

    def create_module(self, spec):
        return self.loaded[spec.name]

    def exec_module(self, module):
        module.__spec__ = self._specs[module.__name__]


@contextmanager
def hidden_packages(names):
    """Hide packages within this context.

    Loaded modules of ``mammopair`` are set aside too: they already refer to the hidden packages.
    """
    if not names:
        yield HiddenPackages()
        return
    aside = {*(_top(name) for name in names), "mammopair"}
    before = {name: module for name, module in sys.modules.items() if _top(name) in aside}
    for name in before:
        del sys.modules[name]
    hidden = HiddenPackages(names, before)
    finders = sys.meta_path[:]
    sys.meta_path[:] = [hidden, *(_FilteredFinder(finder, hidden.names) for finder in finders)]
    try:
        yield hidden
    finally:
        sys.meta_path[:] = finders
        for name in [name for name in sys.modules if _top(name) == "mammopair"]:
            del sys.modules[name]
        sys.modules.update(before)


class Installation(NamedTuple):
    """One call of an installer, ``pip`` or ``light_the_torch``."""

    module: str
    arguments: tuple[str, ...]


def record_installations(host) -> None:
    """Replace Slicer's function that runs installers: record the call, install nothing.

    Both the stand-in and Slicer's own ``slicer.packaging`` install through it.
    """
    import qt
    import slicer

    host.answers.setdefault("restart now", False)
    if host.options.packaging == "declines":
        for question in QUESTIONS:
            host.answers.setdefault(question, False)

    def execute(module, args, blocking=True, logCallback=None, completedCallback=None):
        host.installations.append(Installation(module, tuple(args)))
        code = 1 if host.options.packaging == "offline" else 0
        if code == 0:
            for argument in args:
                try:
                    host.hidden.install(Requirement(argument).name)
                except InvalidRequirement:  # an option of the installer
                    continue
        if not blocking:
            qt.QTimer.singleShot(0, lambda: completedCallback and completedCallback(code))
        elif code:
            raise subprocess.CalledProcessError(code, [module, *args])

    slicer.util.executePythonModule = slicer.util._executePythonModule = execute

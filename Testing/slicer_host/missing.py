"""Packages that are not there: a finder that hides them, for tests of a fresh Slicer."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from importlib.machinery import ModuleSpec


def _top(name: str) -> str:
    return name.partition(".")[0].lower().replace("-", "_")


class _Veiled:
    """A finder of ``sys.meta_path`` that does not see some packages and their metadata."""

    def __init__(self, finder, hidden):
        self._finder, self._hidden = finder, hidden

    def find_spec(self, name, path=None, target=None):
        return None if _top(name) in self._hidden else self._finder.find_spec(name, path, target)

    def find_distributions(self, context):
        find = getattr(self._finder, "find_distributions", None)
        if find is None or (context.name and _top(context.name) in self._hidden):
            return iter(())
        return (d for d in find(context) if _top(d.metadata["Name"] or "") not in self._hidden)

    def invalidate_caches(self):
        invalidate = getattr(self._finder, "invalidate_caches", None)
        if invalidate is not None:
            invalidate()


class HiddenPackages:
    """Names of packages that cannot be imported now; taking one out installs it.

    It is a finder and a loader too. What has been imported before it was hidden comes back as it
    was when it is imported after its installation: torch, and whatever else has compiled parts,
    does not survive being loaded twice in a process.
    """

    def __init__(self, names=(), aside=()):
        self.names = {_top(name) for name in names}
        self.aside = dict(aside)
        self._specs = {name: module.__spec__ for name, module in self.aside.items()}

    def install(self, name: str) -> None:
        """From now on the package is there, though nothing has imported it yet."""
        self.names.discard(_top(name))

    def find_spec(self, name, path=None, target=None):
        if name not in self.aside or _top(name) in self.names or _top(name) == "mammopair":
            return None
        return ModuleSpec(name, self, is_package=hasattr(self.aside[name], "__path__"))

    def create_module(self, spec):
        return self.aside[spec.name]

    def exec_module(self, module):
        module.__spec__ = self._specs[module.__name__]


@contextmanager
def hidden_packages(names):
    """Within this context the named packages, and all that was built on them, are not there.

    Modules of ``mammopair`` are laid aside as well: those that have been imported before hold
    the hidden packages already, and would not notice.
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
    sys.meta_path[:] = [hidden, *(_Veiled(finder, hidden.names) for finder in finders)]
    try:
        yield hidden
    finally:
        sys.meta_path[:] = finders
        for name in [name for name in sys.modules if _top(name) == "mammopair"]:
            del sys.modules[name]
        sys.modules.update(before)

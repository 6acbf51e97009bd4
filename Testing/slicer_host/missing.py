"""Packages that are not there: a finder that hides them, for tests of a fresh Slicer."""

from __future__ import annotations

import sys
from contextlib import contextmanager


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
    """Names of packages that cannot be imported now; taking one out installs it."""

    def __init__(self, names=()):
        self.names = {_top(name) for name in names}
        self.aside = {}

    def install(self, name: str) -> None:
        """From now on the package is there.

        One that had been imported before is put back: torch, and whatever else has compiled
        parts, does not survive being imported twice in a process.
        """
        self.names.discard(_top(name))
        back = {module for module in self.aside if _top(module) == _top(name)}
        sys.modules.update({module: self.aside[module] for module in back})


@contextmanager
def hidden_packages(names):
    """Within this context the named packages, and all that was built on them, are not there.

    Modules of ``mammopair`` are laid aside as well: those that have been imported before hold
    the hidden packages already, and would not notice.
    """
    hidden = HiddenPackages(names)
    if not hidden.names:
        yield hidden
        return
    aside = {*hidden.names, "mammopair"}
    before = {name: module for name, module in sys.modules.items() if _top(name) in aside}
    for name in before:
        del sys.modules[name]
    hidden.aside = before
    finders = sys.meta_path[:]
    sys.meta_path[:] = [_Veiled(finder, hidden.names) for finder in finders]
    try:
        yield hidden
    finally:
        sys.meta_path[:] = finders
        for name in [name for name in sys.modules if _top(name) == "mammopair"]:
            del sys.modules[name]
        sys.modules.update(before)

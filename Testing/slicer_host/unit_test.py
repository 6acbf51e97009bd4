"""Stand-in for ``slicer.testing``: runs the tests of a module file, as ``ctest`` lets Slicer do."""

from __future__ import annotations

import sys
import unittest


def exitSuccess():
    """Nothing is to be done."""


def exitFailure(message=""):
    """Let the application end with a failure."""
    raise RuntimeError(message)


def runUnitTest(path, testname):
    """Run all tests of a module found in some folders; raises where one fails."""
    sys.path.extend([path] if isinstance(path, str) else path)
    suite = unittest.TestLoader().loadTestsFromName(testname)
    if not unittest.TextTestRunner(verbosity=2).run(suite).wasSuccessful():
        exitFailure(f"{testname}: tests failed")

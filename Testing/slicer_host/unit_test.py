"""Stand-in for ``slicer.testing``: runs the tests of a module file, as ``ctest`` does in Slicer."""

from __future__ import annotations

import sys
import unittest


def runUnitTest(path, testname):
    """Run all tests of a module in one of the folders; raises RuntimeError if one fails."""
    sys.path.extend([path] if isinstance(path, str) else path)
    suite = unittest.TestLoader().loadTestsFromName(testname)
    if not unittest.TextTestRunner(verbosity=2).run(suite).wasSuccessful():
        raise RuntimeError(f"{testname}: tests failed")

"""The module ``SampleData``: registration of sources."""

from __future__ import annotations

import slicer


class SampleDataSource:
    """One set of sample data; ``uris`` must be given even with a ``customDownloader``."""

    def __init__(self, sampleName=None, uris=None, customDownloader=None, **others):
        self.sampleName = sampleName
        self.uris = [uris] if isinstance(uris, str) else list(uris)
        self.customDownloader = customDownloader
        vars(self).update(others)

    def __eq__(self, other):
        return vars(self) == vars(other)

    __hash__ = None


class SampleDataLogic:
    """Registers sources in ``slicer.modules.sampleDataSources``, by category."""

    @staticmethod
    def registerCustomSampleDataCategory(category, title):
        """Titles are not shown on the test host."""

    @staticmethod
    def registerCustomSampleDataSource(category="Custom", **description):
        source = SampleDataSource(**description)
        sources = slicer.modules.sampleDataSources.setdefault(category, [])
        if source not in sources:
            sources.append(source)

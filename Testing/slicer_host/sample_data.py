"""The module ``SampleData``: sources register, and load from files or by their own function."""

from __future__ import annotations

import types
from pathlib import Path
from urllib.parse import urlparse
from urllib.request import url2pathname

import slicer


class SampleDataSource:
    """One set of sample data; lists of the same length, or one value each."""

    def __init__(
        self,
        sampleName=None,
        sampleDescription=None,
        uris=None,
        fileNames=None,
        nodeNames=None,
        checksums=None,
        loadFiles=None,
        customDownloader=None,
        thumbnailFileName=None,
        loadFileTypes=None,
        loadFileProperties=None,
        loadFileType=None,
    ):
        self.sampleName = sampleName
        self.sampleDescription = sampleDescription or sampleName
        self.customDownloader = customDownloader
        self.thumbnailFileName = thumbnailFileName
        self.loadFileProperties = loadFileProperties or {}
        lists = {
            "fileNames": fileNames,
            "nodeNames": nodeNames,
            "checksums": checksums,
            "loadFiles": loadFiles,
            "loadFileTypes": loadFileTypes or loadFileType,
        }
        single = isinstance(uris, str)
        self.uris = [uris] if single else uris
        for name, value in lists.items():
            if single:
                value = [value]
            elif value is None or isinstance(value, str):
                value = [value] * len(uris)
            if len(value) != len(self.uris):
                raise ValueError(f"{sampleName}: {name} and uris differ in length")
            setattr(self, name, list(value))

    def __eq__(self, other):
        return vars(self) == vars(other)

    __hash__ = None


class SampleDataLogic:
    """Keeps the sources and loads them. Nothing is ever fetched from the network on a host."""

    @staticmethod
    def registerCustomSampleDataCategory(category, title):
        categories = vars(slicer.modules).setdefault("sampleDataSourceCategories", {})
        categories[category] = {"title": title}

    @staticmethod
    def registerCustomSampleDataSource(category="Custom", **description):
        source = SampleDataSource(**description)
        sources = slicer.modules.sampleDataSources.setdefault(category, [])
        if source not in sources:
            sources.append(source)

    @staticmethod
    def sampleDataSourcesByCategory(category=None):
        sources = slicer.modules.sampleDataSources
        return sources if category is None else sources.get(category, [])

    @staticmethod
    def categoryTitle(category):
        known = vars(slicer.modules).get("sampleDataSourceCategories", {})
        return known.get(category, {}).get("title", category)

    def sourceForSampleName(self, sampleName):
        for sources in slicer.modules.sampleDataSources.values():
            for source in sources:
                if source.sampleName == sampleName:
                    return source
        return None

    def downloadFromSource(self, source, maximumAttemptsCount=3, forceDownload=False):
        """Load a source's files; only ``file:`` addresses are there on a host."""
        nodes = []
        for uri, name, kind in zip(
            source.uris, source.nodeNames, source.loadFileTypes, strict=True
        ):
            address = urlparse(uri)
            if address.scheme != "file":
                raise ConnectionError(f"{uri}: this host has no network")
            path = Path(url2pathname(address.path))
            properties = {"name": name or path.stem, **source.loadFileProperties}
            nodes.append(slicer.util.loadNodeFromFile(str(path), kind, properties))
        return nodes

    def downloadSamples(self, sampleName):
        source = self.sourceForSampleName(sampleName)
        if source is None:
            raise KeyError(f"no sample data named {sampleName!r}")
        # What the panel of Sample Data does when its button is clicked.
        if source.customDownloader is not None:
            return source.customDownloader(source)
        return self.downloadFromSource(source)

    def downloadSample(self, sampleName):
        return self.downloadSamples(sampleName)[0]


def forget_sources() -> None:
    """Start without any source."""
    slicer.modules.sampleDataSources = {}
    vars(slicer.modules).pop("sampleDataSourceCategories", None)


def make_module() -> types.ModuleType:
    """The module ``SampleData``."""
    module = types.ModuleType("SampleData", "Slicer's Sample Data, stood in for.")
    module.SampleDataSource, module.SampleDataLogic = SampleDataSource, SampleDataLogic
    module.downloadSample = lambda name: SampleDataLogic().downloadSample(name)
    module.downloadSamples = lambda name: SampleDataLogic().downloadSamples(name)
    return module

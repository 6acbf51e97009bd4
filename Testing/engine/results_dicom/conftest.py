"""One lesion on two views, its objects written and read back, for read-only tests."""

from __future__ import annotations

import pydicom
import pytest

from mammopair.results.dicom.export import write_objects
from Testing.engine.results_dicom.lesions import make_record, objects_of, write_pair


@pytest.fixture(scope="package")
def files(tmp_path_factory):
    return write_pair(tmp_path_factory.mktemp("exam"), ImagerPixelSpacing=[0.1, 0.2])


@pytest.fixture(scope="package")
def record(files):
    return make_record(files)


@pytest.fixture(scope="package")
def written(record, tmp_path_factory):
    """Return the paths of all files, by name."""
    folder = tmp_path_factory.mktemp("results") / "lesion"
    return {path.name: path for path in write_objects([*objects_of(record).values()], folder)}


@pytest.fixture(scope="package")
def read_back(written):
    """Return the data sets as pydicom reads them, by name."""
    return {name: pydicom.dcmread(path) for name, path in written.items()}


@pytest.fixture(scope="package")
def sources(files):
    """Return the headers of the images, by projection."""
    return {name: pydicom.dcmread(path, stop_before_pixels=True) for name, path in files.items()}

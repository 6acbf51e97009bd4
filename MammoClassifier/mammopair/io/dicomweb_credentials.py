"""Credentials for a DICOMweb archive, from environment variables or a netrc file.

Command-line arguments are not used: they are visible to every user of the machine and stored in
the shell's history.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from mammopair.errors import InputError

if TYPE_CHECKING:
    from requests import PreparedRequest, Session

USER, PASSWORD = "MAMMOPAIR_DICOMWEB_USER", "MAMMOPAIR_DICOMWEB_PASSWORD"
TOKEN = "MAMMOPAIR_DICOMWEB_TOKEN"
CREDENTIALS_HELP = f"set {USER} and {PASSWORD}, or {TOKEN}, or add the host to a netrc file"


def check_address(url: str) -> None:
    """Check that a URL is an HTTP URL without credentials, query and fragment.

    Raises
    ------
    InputError
        If it is not.
    """
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise InputError("--dicomweb", f"is not a valid URL ({error}); correct it") from error
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise InputError(url, "is not a DICOMweb URL; use one such as https://host/dicom-web")
    if parts.username is not None or parts.password is not None:
        # The URL is not repeated, because it contains the credentials.
        raise InputError("--dicomweb", f"contains credentials; remove them and {CREDENTIALS_HELP}")
    if parts.query or parts.fragment:
        raise InputError(url, "has a query or fragment; remove it")


@dataclass(frozen=True)
class Bearer:
    """Bearer token authentication (RFC 6750) for requests."""

    token: str

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Add the token to a request."""
        request.headers["Authorization"] = f"Bearer {self.token}"
        return request


def authenticate(session: Session) -> None:
    """Set a session's credentials from the environment; without them it uses the netrc file.

    Raises
    ------
    InputError
        If only one of user and password is set, or a token in addition to them.
    """
    user, password, token = (os.environ.get(name) for name in (USER, PASSWORD, TOKEN))
    if token and (user or password):
        raise InputError(
            TOKEN, f"is set in addition to {USER} or {PASSWORD}; unset one or the other"
        )
    if bool(user) != bool(password):
        missing, present = (PASSWORD, USER) if user else (USER, PASSWORD)
        raise InputError(missing, f"is not set, but {present} is; set both")
    if token:
        session.auth = Bearer(token)
    elif user and password:
        session.auth = (user, password)

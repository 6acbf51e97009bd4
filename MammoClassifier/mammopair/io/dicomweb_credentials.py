"""Who we say we are to an archive: from the environment or a netrc file, never from an argument.

An argument is seen by every user of the machine and kept in the shell's history.
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
HOW = f"set {USER} and {PASSWORD}, or {TOKEN}, or write the host into a netrc file"


def check_address(url: str) -> None:
    """Make sure that an address is one of HTTP and holds no credentials.

    Raises
    ------
    InputError
        If it is not, or does.
    """
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise InputError("--dicomweb", f"is not an address: {error}") from error
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise InputError(url, "is not an address of DICOMweb, such as https://host/dicom-web")
    if parts.username is not None or parts.password is not None:
        # The address itself is not repeated, for what is in it.
        raise InputError("--dicomweb", f"holds credentials; leave them out and {HOW}")
    if parts.query or parts.fragment:
        raise InputError(url, "has a query or fragment; give the address up to /dicom-web or so")


@dataclass(frozen=True)
class Bearer:
    """Puts a token on a request (RFC 6750), as requests wants it."""

    token: str

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Put it on."""
        request.headers["Authorization"] = f"Bearer {self.token}"
        return request


def authenticate(session: Session) -> None:
    """Give a session what the environment holds; without that it looks into the netrc file.

    Raises
    ------
    InputError
        If the environment holds half of it, or too much.
    """
    user, password, token = (os.environ.get(name) for name in (USER, PASSWORD, TOKEN))
    if token and (user or password):
        raise InputError(TOKEN, f"is set beside {USER} or {PASSWORD}; unset what is not to be used")
    if bool(user) != bool(password):
        raise InputError(PASSWORD if user else USER, "is not set, though its other half is; set it")
    if token:
        session.auth = Bearer(token)
    elif user and password:
        session.auth = (user, password)

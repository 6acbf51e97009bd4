"""Size and effective resolution of a network's input; torch is not needed to load this module."""

from __future__ import annotations

from typing import Annotated

import msgspec


class InputSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Size of a network's input and its effective resolution.

    :func:`mammopair.model.network_input.to_input` computes the input.
    """

    side: Annotated[int, msgspec.Meta(ge=32, le=1024)] = 128
    """Rows and columns of the input."""
    detail: Annotated[int, msgspec.Meta(ge=16, le=1024)] = 80
    """Rows and columns that the patch is averaged to before it is resized to ``side``."""

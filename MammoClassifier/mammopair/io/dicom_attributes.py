"""Access to the attributes of a DICOM header that treats malformed values as absent."""

from __future__ import annotations

import math
from collections.abc import MutableSequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydicom.dataset import Dataset


def get_value(dataset: Dataset, keyword: str) -> Any:  # noqa: ANN401 - any DICOM value type
    """Return the value of an attribute; None where it is absent, empty or unreadable.

    Enhanced objects store some attributes in functional groups (PS3.3 C.7.6.16). These are
    searched too, which is unambiguous for an image of one frame.
    """
    found = _get_top_level(dataset, keyword)
    if found is not None:
        return found
    for groups in ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"):
        for group in _as_items(_get_top_level(dataset, groups)):
            for name in group.dir("Sequence"):
                for item in _as_items(_get_top_level(group, name)):
                    found = _get_top_level(item, keyword)
                    if found is not None:
                        return found
    return None


def get_items(dataset: Dataset, keyword: str) -> list[Dataset]:
    """Return the items of a sequence; an empty list where there is no such sequence."""
    return _as_items(get_value(dataset, keyword))


def get_text(dataset: Dataset, keyword: str) -> str:
    """Return the first value of a text attribute, without padding; ``""`` where it is absent."""
    found = get_texts(dataset, keyword)
    return found[0] if found else ""


def get_texts(dataset: Dataset, keyword: str) -> tuple[str, ...]:
    """Return all values of a text attribute, without padding."""
    return tuple(str(one).strip(" \0") for one in _as_tuple(get_value(dataset, keyword)))


def get_number(dataset: Dataset, keyword: str) -> float | None:
    """Return the first value of a numeric attribute; None as :func:`get_numbers` is empty."""
    found = get_numbers(dataset, keyword)
    return found[0] if found else None


def get_numbers(dataset: Dataset, keyword: str) -> tuple[float, ...]:
    """Return all values of a numeric attribute; empty unless every one is a finite number."""
    try:
        read = tuple(float(one) for one in _as_tuple(get_value(dataset, keyword)))
    except (TypeError, ValueError):
        return ()
    return read if all(math.isfinite(one) for one in read) else ()


def _get_top_level(dataset: Dataset, keyword: str) -> Any:  # noqa: ANN401
    try:
        found = dataset.get(keyword)
    except Exception:  # pydicom converts on access and may raise anything on a malformed value
        return None
    if isinstance(found, (str, bytes)) and not found.strip():
        return None
    return found


def _as_items(found: object) -> list[Dataset]:
    from pydicom.sequence import Sequence

    return list(found) if isinstance(found, Sequence) else []


def _as_tuple(found: Any) -> tuple[Any, ...]:  # noqa: ANN401
    if found is None:
        return ()
    return tuple(found) if isinstance(found, (MutableSequence, tuple)) else (found,)

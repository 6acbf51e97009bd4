"""Attributes of a DICOM header, read so that an odd one is silence and not a crash."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydicom.dataset import Dataset


def value(dataset: Dataset, keyword: str) -> Any:  # noqa: ANN401 - what DICOM holds there
    """The value of an attribute, or ``None`` where it is absent, empty or unreadable.

    Enhanced objects keep some attributes in functional groups (PS3.3 C.7.6.16); for an image of
    one frame these are looked through too.
    """
    found = _plain(dataset, keyword)
    if found is None:
        for groups in ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"):
            for group in _plain(dataset, groups) or ():
                for element in _sequences(group):
                    for item in element.value:
                        found = _plain(item, keyword)
                        if found is not None:
                            return found
    return found


def text(dataset: Dataset, keyword: str) -> str:
    """A text attribute without its padding; ``""`` where it is absent."""
    found = value(dataset, keyword)
    if found is None:
        return ""
    if isinstance(found, (list, tuple)) or _is_multiple(found):
        found = found[0] if len(found) else ""
    return str(found).strip(" \0")


def texts(dataset: Dataset, keyword: str) -> tuple[str, ...]:
    """All values of a text attribute."""
    found = value(dataset, keyword)
    if found is None:
        return ()
    several = found if _is_multiple(found) else [found]
    return tuple(str(one).strip(" \0") for one in several)


def numbers(dataset: Dataset, keyword: str) -> tuple[float, ...]:
    """All values of a numeric attribute; ``()`` unless every one is a finite number."""
    found = value(dataset, keyword)
    if found is None:
        return ()
    several = found if _is_multiple(found) else [found]
    try:
        read = tuple(float(one) for one in several)
    except (TypeError, ValueError):
        return ()
    return read if all(math.isfinite(one) for one in read) else ()


def number(dataset: Dataset, keyword: str) -> float | None:
    """The first value of a numeric attribute."""
    found = numbers(dataset, keyword)
    return found[0] if found else None


def _plain(dataset: Dataset, keyword: str) -> Any:  # noqa: ANN401
    try:
        found = dataset.get(keyword)
    except Exception:  # pydicom converts on access, and a broken value may raise anything
        return None
    if found is None or (isinstance(found, (str, bytes)) and not found.strip()):
        return None
    return found


def _is_multiple(found: object) -> bool:
    return (
        isinstance(found, Iterable)
        and not isinstance(found, (str, bytes))
        and (type(found).__name__ in ("MultiValue", "list", "tuple"))
    )


def _sequences(dataset: Dataset) -> list[Any]:
    return [element for element in dataset if element.VR == "SQ" and element.value]

"""Attributes of a DICOM header, read so that an odd or broken one is silence and not a crash."""

from __future__ import annotations

import math
from collections.abc import MutableSequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydicom.dataset import Dataset


def value(dataset: Dataset, keyword: str) -> Any:  # noqa: ANN401 - what DICOM holds there
    """The value of an attribute, or ``None`` where it is absent, empty or unreadable.

    Enhanced objects keep some attributes in functional groups (PS3.3 C.7.6.16); for an image of
    one frame these are looked through too.
    """
    found = _plain(dataset, keyword)
    if found is not None:
        return found
    for groups in ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"):
        for group in _items(_plain(dataset, groups)):
            for name in group.dir("Sequence"):
                for item in _items(_plain(group, name)):
                    found = _plain(item, keyword)
                    if found is not None:
                        return found
    return None


def items(dataset: Dataset, keyword: str) -> list[Dataset]:
    """The items of a sequence; none where it is absent or no sequence."""
    return _items(value(dataset, keyword))


def text(dataset: Dataset, keyword: str) -> str:
    """The first value of a text attribute, without its padding; ``""`` where it is absent."""
    found = texts(dataset, keyword)
    return found[0] if found else ""


def texts(dataset: Dataset, keyword: str) -> tuple[str, ...]:
    """All values of a text attribute."""
    return tuple(str(one).strip(" \0") for one in _several(value(dataset, keyword)))


def number(dataset: Dataset, keyword: str) -> float | None:
    """The first value of a numeric attribute."""
    found = numbers(dataset, keyword)
    return found[0] if found else None


def numbers(dataset: Dataset, keyword: str) -> tuple[float, ...]:
    """All values of a numeric attribute; none unless every one is a finite number."""
    try:
        read = tuple(float(one) for one in _several(value(dataset, keyword)))
    except (TypeError, ValueError):
        return ()
    return read if all(math.isfinite(one) for one in read) else ()


def _plain(dataset: Dataset, keyword: str) -> Any:  # noqa: ANN401
    try:
        found = dataset.get(keyword)
    except Exception:  # pydicom converts on access, and a broken value may raise anything
        return None
    if isinstance(found, (str, bytes)) and not found.strip():
        return None
    return found


def _items(found: object) -> list[Dataset]:
    from pydicom.sequence import Sequence

    return list(found) if isinstance(found, Sequence) else []


def _several(found: Any) -> tuple[Any, ...]:  # noqa: ANN401
    if found is None:
        return ()
    return tuple(found) if isinstance(found, (MutableSequence, tuple)) else (found,)

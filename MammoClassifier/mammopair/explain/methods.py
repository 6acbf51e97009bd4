"""The methods of explaining a reading by a map, by name."""

from __future__ import annotations

from mammopair.errors import InputError
from mammopair.explain.attribution import Method
from mammopair.explain.class_activation import class_activation

METHODS: dict[str, Method] = {
    method.name: method
    for method in (
        Method(
            name="evidence",
            title="Class activation",
            meaning="what the cell of the last block adds to the logit",
            additive=True,
            steps=class_activation,
        ),
    )
}


def method_named(name: str) -> Method:
    """A method, or :class:`InputError` with the names that there are."""
    if name not in METHODS:
        raise InputError("method", f"{name!r} is none of {', '.join(METHODS)}")
    return METHODS[name]

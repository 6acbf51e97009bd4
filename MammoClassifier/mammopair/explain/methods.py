"""The attribution methods, by name."""

from __future__ import annotations

from mammopair.errors import InputError
from mammopair.explain.attribution import Method
from mammopair.explain.class_activation import class_activation
from mammopair.explain.fine_evidence import fine_evidence
from mammopair.explain.integrated_gradients import integrated_gradients
from mammopair.explain.occlusion import occlusion
from mammopair.explain.shifted_evidence import shifted_evidence

METHODS: dict[str, Method] = {
    method.name: method
    for method in (
        Method(
            name="evidence",
            title="Class activation",
            meaning="contribution of a cell of the last block to the logit",
            additive=True,
            steps=class_activation,
        ),
        Method(
            name="shifted-evidence",
            title="Shifted class activation",
            meaning="mean contribution to the logit of overlapping cells of four shifted maps",
            additive=True,
            steps=shifted_evidence,
        ),
        Method(
            name="fine-evidence",
            title="Fine evidence",
            meaning="contribution of a cell of an earlier block to the logit",
            additive=True,
            steps=fine_evidence,
        ),
        Method(
            name="occlusion",
            title="Occlusion",
            meaning="decrease of the logit, in logits, when the region is blurred",
            additive=False,
            steps=occlusion,
        ),
        Method(
            name="integrated-gradients",
            title="Integrated gradients",
            meaning="contribution of a cell to the logit, relative to the blurred patch",
            additive=True,
            steps=integrated_gradients,
        ),
    )
}


def find_method(name: str) -> Method:
    """Return a method by its name.

    Raises
    ------
    InputError
        If there is none; the message lists the names.
    """
    if name not in METHODS:
        raise InputError("method", f"is {name!r}; it must be one of {', '.join(METHODS)}")
    return METHODS[name]

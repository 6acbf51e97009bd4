"""The methods of explaining a reading by a map, by name."""

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
            meaning="what the cell of the last block adds to the logit",
            additive=True,
            steps=class_activation,
        ),
        Method(
            name="shifted-evidence",
            title="Shifted evidence",
            meaning="what the place adds to the logit, the mean of four readings half a cell apart",
            additive=True,
            steps=shifted_evidence,
        ),
        Method(
            name="fine-evidence",
            title="Fine evidence",
            meaning="what the cell of an earlier block adds to the logit, through all later ones",
            additive=True,
            steps=fine_evidence,
        ),
        Method(
            name="occlusion",
            title="Occlusion",
            meaning="by how many logits the answer falls when the place is blurred",
            additive=False,
            steps=occlusion,
        ),
        Method(
            name="integrated-gradients",
            title="Integrated gradients",
            meaning="what the cell adds on the way from the blurred patch to the patch",
            additive=True,
            steps=integrated_gradients,
        ),
    )
}


def find_method(name: str) -> Method:
    """A method, or :class:`InputError` with the names that there are."""
    if name not in METHODS:
        raise InputError("method", f"{name!r} is none of {', '.join(METHODS)}")
    return METHODS[name]

"""Whether views belong together, and what a manifest adds to what their files say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from mammopair.errors import InputError
from mammopair.view import Acquisition, Intent, Laterality, Projection, View
from mammopair.warning import CodedWarning


def check_pair(views: Sequence[View]) -> tuple[CodedWarning, ...]:
    """Make sure that one lesion's views are a CC, an MLO, or one of each, of the same breast.

    Returns
    -------
    tuple of CodedWarning
        What concerns the views together: ``one-view``, ``different-days``, ``different-intents``.
        What concerns one view alone is in its ``warnings``.

    Raises
    ------
    InputError
        If there is no view or more than two, if a view's laterality or projection is unknown or
        neither CC nor MLO, if both are the same projection, or if breasts or patients differ.
    """
    if not views:
        raise InputError("lesion", "has no view; give its CC view, its MLO view, or both")
    if len(views) > 2:
        names = ", ".join(view.name for view in views)
        raise InputError(
            views[2].source, f"is one of {len(views)} views ({names}); give one CC and one MLO"
        )
    for view in views:
        _check_view(view)
    if len(views) == 1:
        message = f"Only one view, {views[0].name}, was read; two are surer than one."
        return (CodedWarning(code="one-view", message=message),)
    return _check_two(views[0], views[1])


def _check_view(view: View) -> None:
    if view.laterality is None:
        raise InputError(view.source, "does not say which breast it shows; state laterality L or R")
    if view.projection is None:
        raise InputError(view.source, "does not say which view it shows; state view CC or MLO")
    if view.projection is Projection.OTHER:
        raise InputError(view.source, "is neither a CC nor an MLO view; give one of these")


def _check_two(first: View, second: View) -> tuple[CodedWarning, ...]:
    if first.patient_id and second.patient_id and first.patient_id != second.patient_id:
        raise InputError(
            second.source,
            f"is of patient {second.patient_id}, but {first.source} is of {first.patient_id}; "
            "give two views of one patient",
        )
    if first.laterality != second.laterality:
        raise InputError(
            second.source,
            f"is {second.name}, but {first.source} is {first.name}; give two views of one breast",
        )
    if first.projection == second.projection:
        raise InputError(
            second.source,
            f"is {second.name}, as {first.source} is; give one CC and one MLO view",
        )
    warnings = []
    # The dates of a digitised film are those of its scanning or copying.
    digital = [v for v in (first, second) if v.acquisition is not Acquisition.FILM]
    days = {view.acquired[:8] for view in digital if view.acquired}
    if len(days) > 1:
        message = f"The two views are of different days: {' and '.join(sorted(days))}."
        warnings.append(CodedWarning(code="different-days", message=message))
    if (first.intent is Intent.PROCESSING) != (second.intent is Intent.PROCESSING):
        message = "One of the two views is raw detector data (FOR PROCESSING), the other is not."
        warnings.append(CodedWarning(code="different-intents", message=message))
    return tuple(warnings)


def with_identity(
    view: View,
    *,
    laterality: Laterality | str | None = None,
    projection: Projection | str | None = None,
    patient_id: str | None = None,
) -> View:
    """A view completed by what is known of it from elsewhere, a manifest or the user.

    Parameters
    ----------
    view
        As it was read.
    laterality
        ``L`` or ``R``, or ``LEFT`` or ``RIGHT``, in any case.
    projection
        ``CC`` or ``MLO``, in any case.
    patient_id
        The patient; ``None`` or ``""`` where nothing is known. Any of the three may be.

    Raises
    ------
    InputError
        If what is given is not one of these words, or the file says something else.
    """
    side = _parse_laterality(view, laterality)
    which = _parse_projection(view, projection)
    _check_agreement(view, "laterality", view.laterality, side)
    _check_agreement(view, "view", view.projection, which)
    _check_agreement(view, "patient", view.patient_id or None, patient_id or None)
    settled = {"unknown-laterality": side, "unknown-projection": which}
    return replace(
        view,
        laterality=view.laterality or side,
        projection=view.projection or which,
        patient_id=view.patient_id or patient_id or "",
        warnings=tuple(w for w in view.warnings if not settled.get(w.code)),
    )


def _parse_laterality(view: View, word: str | None) -> Laterality | None:
    if not word:
        return None
    found = {"L": Laterality.LEFT, "R": Laterality.RIGHT}
    found |= {"LEFT": Laterality.LEFT, "RIGHT": Laterality.RIGHT}
    try:
        return found[word.strip().upper()]
    except KeyError:
        raise InputError(view.source, f"laterality {word!r} is unknown; state L or R") from None


def _parse_projection(view: View, word: str | None) -> Projection | None:
    if not word:
        return None
    try:
        return Projection(word.strip().upper())
    except ValueError:
        raise InputError(view.source, f"view {word!r} is unknown; state CC or MLO") from None


def _check_agreement(view: View, field: str, file: str | None, given: str | None) -> None:
    if file and given and file != given:
        raise InputError(
            view.source,
            f"{field} is given as {given}, but the file says {file}; correct the one that is wrong",
        )

"""Checks of laterality, projection and patient: unknown, conflicting, or not a pair of views."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from mammopair.errors import InputError
from mammopair.io.view_names import parse_name
from mammopair.view import Acquisition, Header, Intent, Laterality, Projection, View
from mammopair.warning import CodedWarning

_LATERALITIES = {
    "L": Laterality.LEFT,
    "LEFT": Laterality.LEFT,
    "R": Laterality.RIGHT,
    "RIGHT": Laterality.RIGHT,
}


def check_header(
    header: Header, *, laterality_text: str = "", projection_text: str = ""
) -> tuple[CodedWarning, ...]:
    """Warn about what is unknown, or differs from the training data, in a header of any format.

    Parameters
    ----------
    header
        The header.
    laterality_text
        What the file states in place of a laterality, if that was not understood.
    projection_text
        The same for the projection.

    Returns
    -------
    tuple of CodedWarning
        ``unknown-laterality``, ``unknown-projection`` or ``other-projection``, ``no-spacing``,
        ``digital-detector`` or ``unknown-detector``, where they apply, in this order.
    """
    found: list[tuple[str, str]] = []
    if header.laterality is None:
        stated = f": {laterality_text}" if laterality_text else ""
        message = f"The file does not state the laterality (left or right breast){stated}."
        found.append(("unknown-laterality", message))
    if header.projection is None:
        stated = f": {projection_text}" if projection_text else ""
        message = f"The file does not state the view (CC or MLO){stated}."
        found.append(("unknown-projection", message))
    elif header.projection is Projection.OTHER:
        found.append(("other-projection", "The view is neither CC nor MLO."))
    if header.spacing is None:
        message = "The pixel spacing is unknown, so no length is measured in millimetres."
        found.append(("no-spacing", message))
    trained = "the networks were trained on digitised film only."
    if header.acquisition is Acquisition.DIGITAL:
        found.append(("digital-detector", f"Acquired with a digital detector; {trained}"))
    elif header.acquisition is Acquisition.UNKNOWN:
        found.append(("unknown-detector", f"The detector (film or digital) is unknown; {trained}"))
    return tuple(CodedWarning(code=code, message=message) for code, message in found)


def check_pair(views: Sequence[View]) -> tuple[CodedWarning, ...]:
    """Check that the views of one lesion are a CC view, an MLO view, or one of each of a breast.

    Returns
    -------
    tuple of CodedWarning
        Warnings about the views together: ``one-view``, ``different-names``, ``different-days``,
        ``different-intents``. Warnings about a single view are in its ``warnings``.

    Raises
    ------
    InputError
        If there is no view or more than two, if a laterality or projection is unknown, if a
        projection is neither CC nor MLO, if both projections are equal, or if the breasts or
        patients differ.
    """
    if not views:
        raise InputError("lesion", "has no view; add its CC view, its MLO view, or both")
    if len(views) > 2:
        names = ", ".join(view.name for view in views)
        raise InputError(
            views[2].source,
            f"is one of {len(views)} views ({names}); use at most one CC and one MLO view",
        )
    for view in views:
        _check_view(view)
    if len(views) == 1:
        message = (
            f"Only one view ({views[0].name}) was classified; "
            "a CC and an MLO view together are more reliable."
        )
        return (CodedWarning(code="one-view", message=message),)
    return _check_two(views[0], views[1])


def _check_view(view: View) -> None:
    if view.laterality is None:
        raise InputError(
            view.source, "does not state the laterality; specify the laterality as L or R"
        )
    if view.projection is None:
        raise InputError(view.source, "does not state the view; specify the view as CC or MLO")
    if view.projection is Projection.OTHER:
        raise InputError(view.source, "is neither a CC nor an MLO view; use a CC or MLO view")


def _check_two(first: View, second: View) -> tuple[CodedWarning, ...]:
    if first.patient_id and second.patient_id and first.patient_id != second.patient_id:
        raise InputError(
            second.source,
            f"belongs to patient {second.patient_id}, but {first.source} to patient "
            f"{first.patient_id}; use two views of one patient",
        )
    if first.laterality != second.laterality:
        raise InputError(
            second.source,
            f"is {second.name}, but {first.source} is {first.name}; use two views of one breast",
        )
    if first.projection == second.projection:
        raise InputError(
            second.source,
            f"is {second.name}, and so is {first.source}; use one CC and one MLO view",
        )
    warnings = []
    if not first.patient_id and not second.patient_id:
        named = [parse_name(view.source.stem).subject for view in (first, second)]
        if all(named) and named[0] != named[1]:
            message = (
                f"The names of the files differ ({named[0]} and {named[1]}); "
                "check that both views are of one patient."
            )
            warnings.append(CodedWarning(code="different-names", message=message))
    # The dates of a digitised film are those of scanning or copying.
    digital = [v for v in (first, second) if v.acquisition is not Acquisition.FILM]
    days = {view.acquired[:8] for view in digital if view.acquired}
    if len(days) > 1:
        message = f"The two views were acquired on different days: {' and '.join(sorted(days))}."
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
    """Return a view with laterality, projection and patient from a lesion table or the user.

    The warnings ``unknown-laterality`` and ``unknown-projection`` are removed where resolved.
    Where places of the file contradict each other, the specified value is used; the warning about
    the conflict remains.

    Parameters
    ----------
    view
        As read from its file.
    laterality
        ``L``, ``R``, ``LEFT`` or ``RIGHT`` in any case; None or empty if unknown.
    projection
        ``CC`` or ``MLO`` in any case; None or empty if unknown.
    patient_id
        None or empty if unknown.

    Raises
    ------
    InputError
        If a value is invalid or differs from that in the file.
    """
    side = _parse_laterality(view, laterality)
    which = _parse_projection(view, projection)
    conflicts = {warning.code for warning in view.warnings}
    if side and "laterality-conflict" in conflicts:
        view = replace(view, laterality=side)
    if which and "projection-conflict" in conflicts:
        view = replace(view, projection=which)
    _check_agreement(view, "laterality", view.laterality, side)
    _check_agreement(view, "view", view.projection, which)
    _check_agreement(view, "patient", view.patient_id or None, patient_id or None)
    resolved = {"unknown-laterality": side, "unknown-projection": which}
    return replace(
        view,
        laterality=view.laterality or side,
        projection=view.projection or which,
        patient_id=view.patient_id or patient_id or "",
        warnings=tuple(w for w in view.warnings if not resolved.get(w.code)),
    )


def _parse_laterality(view: View, text: str | None) -> Laterality | None:
    if not text:
        return None
    try:
        return _LATERALITIES[text.strip().upper()]
    except KeyError:
        raise InputError(view.source, f"has laterality {text!r}; it must be L or R") from None


def _parse_projection(view: View, text: str | None) -> Projection | None:
    if not text:
        return None
    try:
        return Projection(text.strip().upper())
    except ValueError:
        raise InputError(view.source, f"has view {text!r}; it must be CC or MLO") from None


def _check_agreement(view: View, field: str, in_file: str | None, specified: str | None) -> None:
    if in_file and specified and in_file != specified:
        found = "neither CC nor MLO" if in_file == Projection.OTHER else in_file
        raise InputError(
            view.source,
            f"{field} is specified as {specified}, but is {found} in the file; "
            "correct the wrong one",
        )

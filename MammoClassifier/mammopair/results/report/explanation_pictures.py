"""The pictures of an explained view: a second map, and the counterfactual images."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from mammopair.errors import InputError
from mammopair.record import CounterfactualPath, Explanation
from mammopair.results import pictures
from mammopair.results.rendered_view import RenderedView, lesion_with_evidence
from mammopair.results.report.embedded_picture import EmbeddedPicture, embed
from mammopair.view import Box

EVIDENCE_MAP = "evidence"
"""Method of the map that every record has; it is not shown twice."""


@dataclass(frozen=True)
class CounterfactualPictures:
    """One counterfactual image, mirrored for display like the view."""

    path: CounterfactualPath
    image: EmbeddedPicture
    change: EmbeddedPicture
    """Difference from the original."""


@dataclass(frozen=True)
class ExplanationPictures:
    """The pictures of one explained view."""

    original: EmbeddedPicture
    benign: CounterfactualPictures
    malignant: CounterfactualPictures
    second_map: EmbeddedPicture | None
    """The map of the explanation, unless it is the evidence map."""


def embed_explanation(
    explanation: Explanation, view: RenderedView, box: Box, folder: Path
) -> ExplanationPictures:
    """Embed the pictures of an explanation, all in the window of the original.

    Parameters
    ----------
    explanation
        Explanation of the view.
    view
        Rendered pictures of the view.
    box
        The box around the mass, in stored pixels of the view.
    folder
        The folder that the file names in the record are relative to.

    Raises
    ------
    InputError
        If a counterfactual image cannot be read.
    """
    original, hang = view.patch, view.hanging.apply
    window = pictures.tissue_window(original)
    found = {}
    for path in explanation.counterfactuals:
        image = _read_patch(folder / path.file, original.shape)
        change = pictures.change_picture(original, image, window)
        found[path.towards] = CounterfactualPictures(
            path,
            image=embed(
                hang(pictures.to_grey(image, window)),
                f"Counterfactual image of the mass, {path.towards}.",
            ),
            change=embed(
                hang(change), f"Difference of the {path.towards} image from the original."
            ),
        )
    second_map = None
    if explanation.method != EVIDENCE_MAP:
        second_map = embed(
            hang(lesion_with_evidence(view, explanation.evidence, box)),
            f"The mass with the map of the method {explanation.method}.",
        )
    return ExplanationPictures(
        original=embed(hang(pictures.to_grey(original, window)), "The mass without changes."),
        benign=found["benign"],
        malignant=found["malignant"],
        second_map=second_map,
    )


def _read_patch(path: Path, shape: tuple[int, ...]) -> npt.NDArray[np.float32]:
    """Read a counterfactual image, in [0, 1].

    Raises
    ------
    InputError
        If the file is absent, is not an image or has another shape.
    """
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path) as image:
            patch = np.asarray(image.convert("L"), dtype=np.float32) / np.float32(255)
    except (OSError, UnidentifiedImageError) as error:
        reason = getattr(error, "strerror", None) or "not an image"
        raise InputError(
            path, f"cannot be read ({reason}); classify with --explain again"
        ) from error
    if patch.shape != shape:
        raise InputError(
            path,
            f"has {patch.shape[0]} rows, but the crop has {shape[0]}; "
            "classify with --explain again",
        )
    return patch

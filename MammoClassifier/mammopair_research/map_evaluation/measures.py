"""The measures by which attribution maps are compared: names, direction and meaning."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Measure:
    """One measure."""

    name: str
    better: int
    """1 if higher is better, -1 if lower is, 0 if near 0 is."""
    meaning: str


VIEW_AGREEMENT = "agreement of CC and MLO"
"""The measure that is computed from pairs of crops; all others are computed on single crops."""

MEASURES = {
    measure.name: measure
    for measure in (
        Measure(
            "deletion, blur",
            -1,
            "Area under the probability of the predicted class while regions are blurred, the most "
            "relevant first.",
        ),
        Measure(
            "deletion, in-paint",
            -1,
            "The same, with the regions filled from their surroundings.",
        ),
        Measure(
            "insertion, blur",
            1,
            "Area under the probability of the predicted class while regions of the blurred image "
            "are restored, the most relevant first.",
        ),
        Measure(
            "insertion, in-paint",
            1,
            "The same, starting from a constant image, with the rest filled from its surroundings.",
        ),
        Measure(
            "insertion minus deletion",
            1,
            "Difference of the areas, mean over blur and in-paint.",
        ),
        Measure(
            "energy in the box, off-centre",
            1,
            "Fraction of the relevance in the box of the mass, with the mass off-centre.",
        ),
        Measure(
            "pointing, off-centre",
            1,
            "Fraction of the crops whose most relevant cell is in the box, with the mass "
            "off-centre.",
        ),
        Measure(
            "energy in the box, centred",
            1,
            "The same on the crops as they are classified; here a blob in the centre does well.",
        ),
        Measure("pointing, centred", 1, "The same on the crops as they are classified."),
        Measure(
            "randomised classifier",
            0,
            "Rank correlation with the relevance of the network with a randomised last layer.",
        ),
        Measure("randomised upper third", 0, "The same, with the upper third of the layers."),
        Measure("randomised upper two thirds", 0, "The same, with the upper two thirds."),
        Measure(
            "randomised all layers",
            0,
            "The same, with all layers; near 0 for a map of what the network learned.",
        ),
        Measure(
            "randomised all layers, absolute",
            -1,
            "Absolute value of it. Its mean is above 0 even for unrelated smooth maps.",
        ),
        Measure(
            "repeatability, shifts",
            1,
            "Rank correlation with the map of the image shifted by 3 % of its side, aligned.",
        ),
        Measure(
            "repeatability, members",
            1,
            "Rank correlation between the maps of the ensemble's networks for one image; all but "
            "one of them may have been trained on the patient.",
        ),
        Measure(
            VIEW_AGREEMENT,
            1,
            "Overlap of the profiles of the two views of a mass, minus that with other masses; 0 "
            "is chance.",
        ),
    )
}
"""By name, in the order of the table."""

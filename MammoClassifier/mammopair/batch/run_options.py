"""The options of a run, common to the commands of the command line and the batch in 3D Slicer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

OPTION_HELP = {
    "model": "Name of an included ensemble, or folder of an ensemble; default: light-googlenet.",
    "device": "Device that runs the networks: `auto`, `cuda`, `cuda:N`, `mps` or `cpu`.",
    "runtime": "Library that runs the networks: `torch`, or `openvino`, which is faster on most "
    "CPUs and needs the extra `openvino`.",
    "prevalence": "Prevalence of malignancy to adjust the probabilities to, between 0 and 1; "
    "default: that of the training data.",
    "coverage": "Share of lesions whose conformal set (the classes that are not excluded) contains "
    "the true class, between 0 and 1; default: that of the ensemble.",
    "explain": "Add counterfactual images and a second evidence map; takes seconds per view.",
    "dicom": "Write DICOM objects for each lesion: report, evidence maps and a picture.",
    "report": "Write an HTML page with pictures for each lesion.",
    "page": "Write report.html, one HTML page with the pictures of all lesions.",
    "evidence": "Write a picture of each view: the mass with the evidence map.",
    "parquet": "Write records.parquet as well (needs the extra `parquet`).",
}
"""What each option does, for ``--help``."""


@dataclass(frozen=True, kw_only=True)
class ResultOptions:
    """What is computed and written for each lesion; see :data:`OPTION_HELP`."""

    prevalence: float | None = None
    coverage: float | None = None
    explain: bool = False
    dicom: bool = False
    report: bool = False
    page: bool = False
    evidence: bool = False

    @property
    def pictures(self) -> bool:
        """Whether pictures of the views are needed."""
        return self.dicom or self.report or self.page or self.evidence

    @property
    def files(self) -> bool:
        """Whether files are written for each lesion, by the process that classifies it."""
        return self.pictures or self.explain


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """The options of a run; see :data:`OPTION_HELP`."""

    model: str | None = None
    """The default ensemble if None."""
    device: str = "auto"
    runtime: str = "torch"
    results: ResultOptions = ResultOptions()
    parquet: bool = False
    existing: Literal["refuse", "resume", "replace"] = "refuse"
    """What to do if the folder contains a run: raise an error, continue it, or start again."""

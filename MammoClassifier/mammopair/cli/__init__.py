"""Command line of the product: ``mammopair demo | classify | batch | evaluate | info``."""

from __future__ import annotations

from mammopair.cli.application import make_application, run_application
from mammopair.cli.batch_command import batch
from mammopair.cli.classify_command import classify
from mammopair.cli.demo_command import demo
from mammopair.cli.evaluate_command import evaluate
from mammopair.cli.info_command import info

app = make_application(
    "mammopair",
    "Estimates the calibrated probability that a marked breast mass is malignant, from its CC and "
    "MLO mammograms, and explains it.",
    [demo, classify, batch, evaluate, info],
)


def main() -> None:
    """Run ``mammopair``."""
    run_application(app)

"""Command line of the research package: ``mammopair-research train | crossval | ...``."""

from __future__ import annotations

from mammopair.cli.application import make_application, run_application
from mammopair_research.cli.compare_command import compare
from mammopair_research.cli.correlate_command import correlate
from mammopair_research.cli.crossval_command import crossval
from mammopair_research.cli.faithfulness_command import faithfulness
from mammopair_research.cli.handcrafted_command import handcrafted
from mammopair_research.cli.prepare_command import prepare
from mammopair_research.cli.train_command import train

app = make_application(
    "mammopair-research",
    "Train, cross-validate and compare the networks of mammopair on a folder of labelled crops.",
    [train, crossval, handcrafted, compare, faithfulness, correlate],
)
app.add_typer(prepare)


def main() -> None:
    """Run ``mammopair-research``."""
    run_application(app, "interrupted; completed work is kept.")

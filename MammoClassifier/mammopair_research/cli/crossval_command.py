"""``mammopair-research crossval``: train a recipe on folds and predict the other fold."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import typer

from mammopair.atomic_write import prepare_folder
from mammopair.calibration.platt import sigmoid
from mammopair.cli import cluster_options, options
from mammopair.cli.terminal import output, run_with_bar
from mammopair.stats.metrics import measure
from mammopair_research.cli.research_options import Data, RecipeName
from mammopair_research.crossval.run_description import (
    PREDICTIONS,
    CrossValidationOutput,
    read_cross_validation,
)
from mammopair_research.training.recipe import find_recipe, read_recipe

if TYPE_CHECKING:
    from rich.table import Table


def crossval(
    recipe: RecipeName,
    data: Data,
    out: options.Out = Path("runs"),
    device: options.Device = "auto",
    jobs: cluster_options.Jobs = 1,
    scheduler: cluster_options.Scheduler = None,
    tls_ca: cluster_options.TlsCa = None,
    tls_cert: cluster_options.TlsCert = None,
    tls_key: cluster_options.TlsKey = None,
    as_json: options.Json = False,
) -> None:
    """Train a recipe's networks, and predict with each the patients that it was not trained on.

    Patients are divided into folds with similar shares of malignant masses; each network is trained
    on all folds but its own. The command can be interrupted at any time: run it again to continue
    from the last epoch. Predictions of complete networks are in `OUT/NAME/predictions.csv` and
    `run.json`, the input of `mammopair-research compare`.

        mammopair-research crossval matrix/googlenet --data data/cbis-ddsm --out runs --jobs 2

    On the workers of a Dask scheduler, which must see DATA and OUT under the same paths:

        mammopair-research crossval matrix/googlenet --data data/cbis-ddsm
        --scheduler tls://node1:8786 --tls-ca ca.pem --tls-cert me.pem --tls-key me.key
    """
    from mammopair_research.crossval.cross_validation import cross_validate

    if scheduler and jobs > 1:
        raise typer.BadParameter("give either --jobs or --scheduler, not both")
    tls = (tls_ca, tls_cert, tls_key)
    cluster_options.check_options(scheduler, tls)
    settings = read_recipe(find_recipe(recipe))
    folder = (out / settings.name).absolute()
    prepare_folder(folder)
    pools = (
        cluster_options.pool_at(scheduler, tls) if scheduler else cluster_options.local_jobs(jobs)
    )
    with pools as pool:
        steps = cross_validate(settings, data.absolute(), folder, device=device, pool=pool)
        run = run_with_bar(steps)
    if as_json:
        print(msgspec.json.encode(run).decode())
        return
    console = output()
    console.print(_table(read_cross_validation(folder)))
    reduced = f" ({run.reduced})" if run.reduced else ""
    console.print(f"{len(run.predictors)} networks{reduced}; {run.crops} crops in the data.")
    console.print(f"{folder / PREDICTIONS}  [dim]out-of-fold predictions of each network[/dim]")


def _table(found: CrossValidationOutput) -> Table:
    """One line per network: its AUC on the views of its own fold, uncalibrated."""
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for title in ("fold", "seed", "views", "AUC"):
        table.add_column(title, justify="right")
    for one in found.run.predictors:
        rows = [row for row in found.predictions if (row.fold, row.seed) == (one.fold, one.seed)]
        logits = np.array([row.logit for row in rows])
        auc = measure(sigmoid(logits), [row.label for row in rows]).auc
        cells = [one.fold, one.seed, len(rows)]
        table.add_row(*map(str, cells), "-" if auc is None else f"{auc:.3f}")
    return table

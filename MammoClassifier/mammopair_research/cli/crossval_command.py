"""``mammopair-research crossval``: train a recipe on folds, and keep the held-out predictions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mammopair.cli import cluster_options, options

if TYPE_CHECKING:
    from rich.table import Table

    from mammopair_research.crossval.run_description import CrossValidationOutput


def crossval(
    recipe: Annotated[str, typer.Argument(help="A TOML file, or a recipe that ships, by name.")],
    data: Annotated[Path, typer.Option(help="Holds crops.csv and the pictures it names.")],
    out: options.Out = Path("runs"),
    device: options.Device = "auto",
    jobs: cluster_options.Jobs = 1,
    scheduler: cluster_options.Scheduler = None,
    tls_ca: cluster_options.TlsCa = None,
    tls_cert: cluster_options.TlsCert = None,
    tls_key: cluster_options.TlsKey = None,
    as_json: options.Json = False,
) -> None:
    """Train a recipe's networks and predict, with each, the patients that it never saw.

    Patients are divided into folds, benign and malignant evenly; a network is trained on all folds
    but its own. Interrupt it at any time: the same command goes on from the last epoch, and what
    was finished is in `OUT/NAME/predictions.csv` and `run.json`. `mammopair-research compare` reads them.

        mammopair-research crossval matrix/googlenet --data data/cbis-ddsm --out runs --jobs 2

    On the workers of a Dask scheduler, which share the folders of DATA and OUT:

        mammopair-research crossval matrix/googlenet --data data/cbis-ddsm --scheduler tls://node1:8786
        --tls-ca ca.pem --tls-cert me.pem --tls-key me.key
    """
    import msgspec

    from mammopair.atomic_write import prepare_folder
    from mammopair.cli.terminal import output, run_with_bar
    from mammopair_research.crossval.cross_validation import cross_validate
    from mammopair_research.crossval.run_description import PREDICTIONS, read_cross_validation
    from mammopair_research.training.recipe import find_recipe, read_recipe

    if scheduler and jobs > 1:
        raise typer.BadParameter("give --jobs or --scheduler, not both")
    tls = (tls_ca, tls_cert, tls_key)
    cluster_options.check_options(scheduler, tls)
    plan = read_recipe(find_recipe(recipe))
    folder = (out / plan.name).absolute()
    prepare_folder(folder)
    pools = (
        cluster_options.pool_at(scheduler, tls) if scheduler else cluster_options.local_jobs(jobs)
    )
    with pools as pool:
        run = run_with_bar(cross_validate(plan, data.absolute(), folder, device=device, pool=pool))
    if as_json:
        print(msgspec.json.encode(run).decode())
        return
    console = output()
    console.print(_by_network(read_cross_validation(folder)))
    left_out = f" ({run.reduced})" if run.reduced else ""
    console.print(f"{len(run.predictors)} networks{left_out}, {run.crops} crops in the collection.")
    console.print(f"{folder / PREDICTIONS}  [dim]what each says of patients it never saw[/dim]")


def _by_network(held_out: CrossValidationOutput) -> Table:
    """AUC of each network on the views of its own fold, before any calibration."""
    import numpy as np
    from rich import box
    from rich.table import Table

    from mammopair.calibration.platt import sigmoid
    from mammopair.stats.metrics import measure

    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for title in ("repeat", "fold", "seed", "views", "AUC"):
        table.add_column(title, justify="right")
    for one in held_out.run.predictors:
        rows = [
            row
            for row in held_out.predictions
            if (row.repeat, row.fold, row.seed) == (one.repeat, one.fold, one.seed)
        ]
        logits = np.array([row.logit for row in rows])
        auc = measure(sigmoid(logits), [row.label for row in rows]).auc
        cells = [one.repeat, one.fold, one.seed, len(rows)]
        table.add_row(*map(str, cells), "-" if auc is None else f"{auc:.3f}")
    return table

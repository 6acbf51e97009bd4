"""Options that several commands share, declared once."""

from __future__ import annotations

from collections.abc import Callable
from inspect import Parameter, signature
from pathlib import Path
from typing import Annotated, Any

import typer

from mammopair.batch.run_options import OPTION_HELP, ResultOptions, RunOptions

Model = Annotated[str | None, typer.Option("--model", "-m", help=OPTION_HELP["model"])]
Device = Annotated[str, typer.Option("--device", help=OPTION_HELP["device"], show_default=True)]
Json = Annotated[bool, typer.Option("--json", help="Print JSON to standard output.")]
Out = Annotated[
    Path, typer.Option("--out", "-o", help="Folder for the results.", show_default=True)
]
Prevalence = Annotated[float | None, typer.Option(help=OPTION_HELP["prevalence"])]


def run_options(
    model: Model = None,
    device: Device = "auto",
    runtime: Annotated[str, typer.Option(help=OPTION_HELP["runtime"])] = "torch",
    prevalence: Prevalence = None,
    coverage: Annotated[float | None, typer.Option(help=OPTION_HELP["coverage"])] = None,
    explain: Annotated[bool, typer.Option(help=OPTION_HELP["explain"])] = False,
    dicom: Annotated[bool, typer.Option("--dicom", help=OPTION_HELP["dicom"])] = False,
    report: Annotated[bool, typer.Option("--report", help=OPTION_HELP["report"])] = False,
    page: Annotated[bool, typer.Option(help=OPTION_HELP["page"])] = False,
    evidence: Annotated[bool, typer.Option("--evidence", help=OPTION_HELP["evidence"])] = False,
    parquet: Annotated[bool, typer.Option("--parquet", help=OPTION_HELP["parquet"])] = False,
) -> RunOptions:
    """Combine the options of ``demo``, ``classify`` and ``batch``."""
    results = ResultOptions(
        prevalence=prevalence,
        coverage=coverage,
        explain=explain,
        dicom=dicom,
        report=report,
        page=page,
        evidence=evidence,
    )
    return RunOptions(model=model, device=device, runtime=runtime, results=results, parquet=parquet)


def with_run_options(
    **defaults: object,
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Replace the parameter ``options`` of a command by those of :func:`run_options`.

    Parameters
    ----------
    **defaults
        Defaults of options that differ for this command.
    """
    shared = [
        parameter.replace(default=defaults.get(name, parameter.default))
        for name, parameter in signature(run_options, eval_str=True).parameters.items()
    ]

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        own = list(signature(command, eval_str=True).parameters.values())
        place = [parameter.name for parameter in own].index("options")
        parameters = [*own[:place], *shared, *own[place + 1 :]]

        def run(**given: Any) -> None:  # noqa: ANN401  as typer parses them
            options = run_options(**{one.name: given.pop(one.name) for one in shared})
            command(options=options, **given)

        run.__name__, run.__doc__ = command.__name__, command.__doc__
        run.__annotations__ = {one.name: one.annotation for one in parameters}
        run.__signature__ = signature(run).replace(  # type: ignore[attr-defined]
            parameters=[one.replace(kind=Parameter.KEYWORD_ONLY) for one in parameters]
        )
        return run

    return decorate

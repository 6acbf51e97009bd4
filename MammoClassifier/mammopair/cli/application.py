"""The typer application that both command lines are built from.

Exit codes: 0, success; 1, some input could not be processed, each named; 2, wrong usage; 130,
interrupted.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

import typer

from mammopair import RESEARCH_USE_ONLY, __version__
from mammopair.errors import InputError

INTERRUPTED = 130
"""The exit code that typer uses when the user interrupts with Ctrl-C, as shells do."""


def make_application(
    name: str, purpose: str, commands: Sequence[Callable[..., None]]
) -> typer.Typer:
    """Build an application with ``--version`` and one command per function.

    Parameters
    ----------
    name
        The name of the executable.
    purpose
        One sentence for ``--help``.
    commands
        Functions in the order of ``--help``; each command has the name of its function.
    """
    application = typer.Typer(
        name=name,
        help=f"{purpose}\n\n{RESEARCH_USE_ONLY}",
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode="markdown",
        pretty_exceptions_show_locals=False,
    )
    for command in commands:
        application.command(command.__name__)(command)

    @application.callback(invoke_without_command=True)
    def print_version(
        version: bool = typer.Option(False, "--version", help="Print the version and exit."),
    ) -> None:
        if version:
            print(f"{name} {__version__}")
            raise typer.Exit

    return application


def run_application(application: typer.Typer, interrupted: str = "interrupted.") -> None:
    """Run the command line; an :class:`InputError` is printed as one line, without a traceback.

    Parameters
    ----------
    application
        From :func:`make_application`.
    interrupted
        Message if the user interrupts with Ctrl-C.
    """
    name = application.info.name
    try:
        application()
    except InputError as error:
        print(f"{name}: {error}", file=sys.stderr)
        sys.exit(1)
    except SystemExit as ended:
        if ended.code == INTERRUPTED:
            print(f"{name}: {interrupted}", file=sys.stderr)
        raise

"""The host as a program: accepts Slicer's arguments, runs a script and exits.

    python -m Testing.slicer_host.launcher --no-splash --no-main-window \\
        --python-script SCRIPT -- ARGUMENT ...

As in Slicer, every argument after ``--`` and every unknown argument goes to the script in
``sys.argv``. With ``--testing`` the program ends with the script and fails if it raised; without
it the program runs until the script has called ``slicer.util.exit(code)``.
"""

from __future__ import annotations

import argparse
import runpy
import sys
import traceback
from pathlib import Path

from .host import start_host

WOULD_WAIT = 124
"""Exit code for a script that does not exit: Slicer would run on."""


def parse(arguments: list[str]) -> argparse.Namespace:
    """Parse the arguments; those of the script are in ``rest``."""
    parser = argparse.ArgumentParser(allow_abbrev=False, add_help=False)
    for flag in ("--no-splash", "--no-main-window", "--testing"):
        parser.add_argument(flag, action="store_true")
    parser.add_argument("--python-script", default="")
    parser.add_argument("--python-code", default="")
    parser.add_argument("--additional-module-paths", nargs="*", default=[])
    own, after = arguments, []
    if "--" in arguments:
        end = arguments.index("--")
        own, after = arguments[:end], arguments[end + 1 :]
    line, unknown = parser.parse_known_args(own)
    line.rest = [*unknown, *after]
    return line


def _run_python(line: argparse.Namespace) -> bool:
    """Run the script or the code; return whether it raised."""
    import slicer

    before = sys.argv
    sys.argv = [line.python_script, *line.rest]
    try:
        if line.python_script:
            runpy.run_path(line.python_script, run_name="__main__")
        else:
            exec(compile(line.python_code, "<--python-code>", "exec"), {"__name__": "__main__"})
    except SystemExit as stop:
        slicer.util.exit(stop.code if isinstance(stop.code, int) else int(bool(stop.code)))
    except BaseException:
        traceback.print_exc()
        return True
    finally:
        sys.argv = before
    return False


def main(arguments: list[str] | None = None) -> int:
    """Run the program; returns its exit code."""
    line = parse(sys.argv[1:] if arguments is None else arguments)
    windows = not line.no_main_window
    with start_host(main_window=windows, layout_manager=windows, testing=line.testing) as host:
        for folder in line.additional_module_paths:
            for path in sorted(Path(folder).glob("*.py")):
                host.register_module(path)
        host.start_up_completed()
        raised = _run_python(line)
        code = host.app.exit_code
    if code is None and line.testing:
        return int(raised)
    if code is None:
        print("The script did not call slicer.util.exit(): Slicer would run on.", file=sys.stderr)
        return WOULD_WAIT
    return code


if __name__ == "__main__":
    sys.exit(main())

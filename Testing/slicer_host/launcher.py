"""The host as a program: takes the arguments that ``Slicer`` takes, runs a script, and exits.

    python -m Testing.slicer_host.launcher --no-splash --no-main-window \\
        --python-script SCRIPT -- ARGUMENT ...

As in Slicer: everything after ``--``, and every argument that is not known, goes to the script in
``sys.argv``; with ``--testing`` the program ends with the script, and fails if it raised; without
it the program runs until the script has called ``slicer.util.exit(code)``.
"""

from __future__ import annotations

import runpy
import sys
import traceback
from dataclasses import dataclass, field
from pathlib import Path

from .host import start_host

FLAGS = {
    "--no-splash",
    "--no-main-window",
    "--testing",
    "--ignore-slicerrc",
    "--disable-cli-modules",
    "--disable-settings",
    "--exit-after-startup",
}
WOULD_WAIT = 124
"""Exit code for a script that Slicer would wait for until the end of days."""


@dataclass
class CommandLine:
    """What the program was asked to do."""

    script: str = ""
    code: str = ""
    module_paths: list[str] = field(default_factory=list)
    flags: set[str] = field(default_factory=set)
    rest: list[str] = field(default_factory=list)


def parse(arguments: list[str]) -> CommandLine:
    """Read the arguments as ctkCommandLineParser does."""
    found, waiting = CommandLine(), list(arguments)
    while waiting:
        argument = waiting.pop(0)
        if argument == "--":
            found.rest += waiting
            break
        if argument in FLAGS:
            found.flags.add(argument)
        elif argument == "--python-script":
            found.script = waiting.pop(0)
        elif argument == "--python-code":
            found.code = waiting.pop(0)
        elif argument in ("--additional-module-path", "--additional-module-paths"):
            while waiting and not waiting[0].startswith("--"):
                found.module_paths.append(waiting.pop(0))
        else:
            found.rest.append(argument)
    return found


def _register_modules(host, folders) -> None:
    """Load every scripted module of the folders, as the application does when it starts."""
    for folder in folders:
        for path in sorted(Path(folder).glob("*.py")):
            try:
                host.register_module(path)
            except AttributeError:
                print(f"{path.name}: no class {path.stem}, not a module", file=sys.stderr)


def _run_python(line: CommandLine) -> bool:
    """Run the script or the code; whether it raised."""
    own = sys.argv
    sys.argv = [line.script, *line.rest]
    try:
        if line.script:
            runpy.run_path(line.script, run_name="__main__")
        else:
            exec(compile(line.code, "<--python-code>", "exec"), {"__name__": "__main__"})
    except SystemExit as leaving:
        import slicer

        slicer.util.exit(leaving.code if isinstance(leaving.code, int) else int(bool(leaving.code)))
    except BaseException:
        traceback.print_exc()
        return True
    finally:
        sys.argv = own
    return False


def main(arguments: list[str] | None = None) -> int:
    """Run the program; returns its exit code."""
    line = parse(sys.argv[1:] if arguments is None else arguments)
    testing = "--testing" in line.flags
    windows = "--no-main-window" not in line.flags
    with start_host(main_window=windows, layout_manager=windows, testing=testing) as host:
        _register_modules(host, line.module_paths)
        host.start_up_completed()
        raised = _run_python(line)
        code = host.app.exit_code
    if code is not None:
        return code
    if testing or "--exit-after-startup" in line.flags:
        return int(raised)
    print("the script did not call slicer.util.exit(): Slicer would go on", file=sys.stderr)
    return WOULD_WAIT


if __name__ == "__main__":
    sys.exit(main())

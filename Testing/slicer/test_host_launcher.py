"""The test host as a program accepts Slicer's arguments and returns Slicer's exit codes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from Testing.slicer_host.launcher import WOULD_WAIT, main, parse

REPOSITORY = Path(__file__).resolve().parents[2]


def launch(tmp_path, body, *arguments):
    """Run a script in this process; returns the exit code."""
    script = tmp_path / "script.py"
    script.write_text(f"import json, sys\nimport slicer\n{body}\n")
    options = ["--no-splash", "--no-main-window", "--python-script", str(script)]
    return main([*options, *arguments])


def test_arguments_after_two_dashes_are_passed_to_the_script(tmp_path, capsys):
    body = "print(json.dumps(sys.argv[1:])); slicer.util.exit(0)"
    rest = ["manifest.csv", "out", "--testing", "--unknown"]
    assert launch(tmp_path, body, "--", *rest) == 0
    assert json.loads(capsys.readouterr().out) == rest


def test_unknown_arguments_are_passed_to_the_script_and_known_ones_are_not():
    line = parse(["--no-splash", "--python-script", "s.py", "a", "--verbose", "--testing", "b"])
    assert (line.python_script, line.rest) == ("s.py", ["a", "--verbose", "b"])
    assert line.no_splash
    assert line.testing


def test_exit_code_reaches_the_shell():
    command = [sys.executable, "-m", "Testing.slicer_host.launcher", "--no-splash"]
    command += ["--python-code", "import slicer; slicer.util.exit(5)"]
    assert subprocess.run(command, cwd=REPOSITORY, timeout=100).returncode == 5


@pytest.mark.parametrize(
    ("body", "arguments", "code"),
    [
        ("slicer.util.exit(2)", (), 2),
        ("slicer.util.exit(1); print('runs on until it returns')", (), 1),
        ("sys.exit(3)", (), 3),
        ("pass", ("--testing",), 0),
        ("raise ValueError('wrong')", ("--testing",), 1),
        ("pass", (), WOULD_WAIT),
    ],
)
def test_exit_code_is_that_of_slicer(tmp_path, body, arguments, code):
    assert launch(tmp_path, body, *arguments) == code

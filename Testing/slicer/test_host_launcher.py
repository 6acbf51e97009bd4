"""The host as a program takes Slicer's arguments and gives Slicer's exit codes."""

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


def test_what_follows_two_dashes_goes_to_the_script_untouched(tmp_path, capsys):
    body = "print(json.dumps(sys.argv[1:])); slicer.util.exit(0)"
    rest = ["manifest.csv", "out", "--testing", "--strange"]
    assert launch(tmp_path, body, "--", *rest) == 0
    assert json.loads(capsys.readouterr().out) == rest


def test_the_program_can_be_called_from_a_shell(tmp_path):
    command = [sys.executable, "-m", "Testing.slicer_host.launcher", "--no-splash"]
    command += ["--python-code", "import slicer; slicer.util.exit(5)"]
    assert subprocess.run(command, cwd=REPOSITORY, timeout=100).returncode == 5


def test_unknown_arguments_go_to_the_script_and_known_ones_do_not():
    line = parse(["--no-splash", "--python-script", "s.py", "a", "--verbose", "--testing", "b"])
    assert (line.script, line.rest) == ("s.py", ["a", "--verbose", "b"])
    assert line.flags == {"--no-splash", "--testing"}


@pytest.mark.parametrize(
    ("body", "arguments", "code"),
    [
        ("slicer.util.exit(2)", (), 2),
        ("slicer.util.exit(1); print('goes on until it returns')", (), 1),
        ("sys.exit(3)", (), 3),
        ("pass", ("--testing",), 0),
        ("raise ValueError('wrong')", ("--testing",), 1),
        ("pass", (), WOULD_WAIT),
    ],
)
def test_the_exit_code_is_the_one_that_slicer_would_give(tmp_path, body, arguments, code):
    assert launch(tmp_path, body, *arguments) == code


def test_without_a_main_window_a_script_sees_none(tmp_path):
    body = "slicer.util.exit(int(slicer.util.mainWindow() is not None or "
    body += "slicer.app.layoutManager() is not None))"
    assert launch(tmp_path, body) == 0

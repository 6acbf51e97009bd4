"""The files for clusters work: the Slurm example, Dask's settings, and every named option."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.main import get_command

import mammopair.batch
from mammopair.batch.cluster import SETTINGS
from mammopair.cli import app
from Testing.engine.batch.archive import PATIENCE, environment, same_results

FOLDER = Path(mammopair.batch.__file__).parent


def test_the_slurm_example_runs(archive, undisturbed, ensemble_folder, tmp_path):
    """On one machine, with a replacement of ``srun`` that starts the command once."""
    if sys.platform == "win32" or not shutil.which("openssl"):
        pytest.skip("no openssl here")
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "srun").write_text('#!/bin/sh\nexec "$@"\n')
    (tools / "srun").chmod(0o755)
    env = environment()
    env["PATH"] = f"{tools}:{Path(sys.executable).parent}:{env['PATH']}"
    inputs = (archive / "lesions.csv", tmp_path / "out")
    ran = subprocess.run(
        ["bash", FOLDER / "slurm.sbatch", *inputs, "--model", ensemble_folder],
        cwd=tmp_path,
        env=env,
        timeout=PATIENCE,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert all(same_results(tmp_path / "out", undisturbed))
    assert not list(tmp_path.glob(".mammopair.*"))


def test_dask_yaml_has_the_settings_of_local_clusters():
    import yaml

    def flat(settings, path=()):
        for name, value in settings.items():
            if isinstance(value, dict):
                yield from flat(value, (*path, name))
            else:
                yield ".".join((*path, name)), value

    written = yaml.safe_load((FOLDER / "dask.yaml").read_text(encoding="utf-8"))
    assert dict(flat(written)) == SETTINGS


def test_options_in_the_slurm_example_exist():
    text = (FOLDER / "slurm.sbatch").read_text(encoding="utf-8").replace("\\\n", " ")
    commands = re.findall(r"mammopair batch [^\n`]*", text)
    known = {name for one in get_command(app).commands["batch"].params for name in one.opts}
    named = {option for command in commands for option in re.findall(r"--[a-z-]+", command)}
    assert named
    assert named <= known

"""Schedulers elsewhere: over TLS, with workers that are checked before they are given work."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

import mammopair
from mammopair.batch import cluster
from mammopair.batch.cluster import TlsFiles, workers_of
from mammopair.batch.work_plan import BatchPlan
from mammopair.batch.worker import WorkerIdentity, identify_worker
from mammopair.batch.worker_checks import check_identity
from mammopair.errors import InputError
from Testing.engine.batch.archive import (
    PATIENCE,
    WORKER,
    end,
    environment,
    outcomes_in,
    same_results,
    sentence,
)


def shifted(folder, seconds):
    """An environment in which Python's clock is off."""
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(
        f"import time\ntrue = time.time\ntime.time = lambda: true() + {seconds}\n"
    )
    return environment(PYTHONPATH=str(folder))


def test_a_scheduler_over_tls_gives_the_same_bytes_though_a_workers_clock_is_off(
    start, scheduler, certificates, batch, archive, undisturbed, tmp_path
):
    tls = ("--tls-ca-file", certificates.ca, "--tls-cert", certificates.certificate)
    tls = (*tls, "--tls-key", certificates.key)
    _, address, found = scheduler("--protocol", "tls", *tls)
    assert address.startswith("tls://127.0.0.1:")
    start(*WORKER, *found, *tls, "--protocol", "tls", env=shifted(tmp_path / "late", 7200))
    ours = ("--tls-ca", certificates.ca, "--tls-cert", certificates.certificate)
    process = batch(
        archive / "lesions.csv",
        tmp_path / "out",
        *("--scheduler", address, *ours, "--tls-key", certificates.key),
    )
    _, said = end(process, 0)
    assert "s off; results do not depend on it" in sentence(said)
    assert all(same_results(tmp_path / "out", undisturbed))


def test_workers_that_cannot_begin_are_a_sentence():
    """As where a program on standard input, which they would read once more, starts them."""
    program = (
        "from mammopair.batch.cluster import local_pool\n"
        "from mammopair.errors import InputError\n"
        "try:\n    local_pool(1).__enter__()\n"
        "except InputError as error:\n    print(error)\n"
    )
    ran = subprocess.run(
        [sys.executable, "-"],
        input=program,
        env=environment(),
        timeout=PATIENCE,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.stdout.startswith("Dask: cannot start its workers here"), ran.stderr


def test_a_tls_scheduler_without_our_certificate_is_a_sentence(monkeypatch):
    monkeypatch.setattr(cluster, "PATIENCE", 1)
    with pytest.raises(InputError, match="no scheduler answers there"), workers_of("tls://[::1]:9"):
        pass


def test_a_certificate_that_is_not_there_is_named(tmp_path):
    files = TlsFiles(tmp_path / "ca.pem", tmp_path / "me.pem", tmp_path / "me.key")
    with pytest.raises(InputError, match=r"ca\.pem"), workers_of("tls://127.0.0.1:9", files):
        pass


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:9", "nonsense"])
def test_a_scheduler_that_is_not_there(monkeypatch, address):
    monkeypatch.setattr(cluster, "PATIENCE", 1)
    with pytest.raises(InputError, match="no scheduler answers there"), workers_of(address):
        pass


def test_a_scheduler_without_workers(monkeypatch, scheduler):
    _, address, _ = scheduler()
    monkeypatch.setattr(cluster, "PATIENCE", 5)  # within which a busy scheduler must answer
    with pytest.raises(InputError, match="has no worker; start some"), workers_of(address):
        pass


def test_a_worker_of_another_version_is_refused_before_any_work(
    start, scheduler, batch, archive, tmp_path
):
    """A real one: a copy of the package with another number."""
    package = Path(mammopair.__file__).parent
    ignored = shutil.ignore_patterns("ensembles", "__pycache__", "demo")
    shutil.copytree(package, tmp_path / "other" / "mammopair", ignore=ignored)
    init = tmp_path / "other" / "mammopair" / "__init__.py"
    init.write_text(init.read_text().replace(f'"{mammopair.__version__}"', '"0.0.9"'))
    _, address, found = scheduler()
    start(*WORKER, *found, env=environment(PYTHONPATH=str(tmp_path / "other")))
    process = batch(archive / "lesions.csv", tmp_path / "out", "--scheduler", address)
    _, said = end(process, 1)
    assert f"is version 0.0.9 there, but the run was started with {mammopair.__version__}" in (
        sentence(said)
    )
    assert outcomes_in(tmp_path / "out") == 0


@pytest.fixture
def plan(ensemble_folder, ensemble, tmp_path):
    from datetime import datetime

    return BatchPlan(
        model=str(ensemble_folder),
        sha256=ensemble.sha256,
        software=mammopair.__version__,
        out=str(tmp_path),
        moment=datetime(2026, 1, 1),
    )


def test_a_worker_tells_what_it_is(plan):
    told = identify_worker(plan)
    assert told.sha256 == plan.sha256
    assert told.software == plan.software
    assert told.sees_out
    assert abs(told.clock - time.time()) < 60


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (
            WorkerIdentity(mammopair.__version__, "0" * 64, 0.0, True),
            "has SHA-256 000000000000... there",
        ),
        (WorkerIdentity("0.0.9", "0" * 64, 0.0, True), "is version 0.0.9 there"),
        (InputError("/models/a", "is neither a folder nor"), "/models/a: is neither a folder"),
        (ModuleNotFoundError("No module named 'mammopair'"), "install it there"),
    ],
)
def test_a_worker_with_other_things_is_refused_in_a_sentence(plan, answer, said):
    with pytest.raises(InputError) as refused:
        check_identity("tcp://node7:1234", answer, plan)
    assert said in str(refused.value)
    assert str(refused.value).startswith("worker tcp://node7:1234: ")


def test_a_worker_that_does_not_see_the_folder_cannot_write_into_it(plan):
    from dataclasses import replace

    answer = WorkerIdentity(plan.software, plan.sha256, 0.0, sees_out=False)
    check_identity("tcp://node7:1234", answer, plan)
    with pytest.raises(InputError, match="folder that all machines share"):
        check_identity("tcp://node7:1234", answer, replace(plan, outputs=("dicom",)))


def test_a_worker_that_joins_late_with_another_model_does_no_work(plan):
    """The check before the run cannot see it; the first task does."""
    from dataclasses import replace

    from mammopair.batch.work_plan import Task
    from mammopair.batch.worker import run_task

    with pytest.raises(InputError, match="put the same ensemble there"):
        run_task(Task((), frozenset()), replace(plan, sha256="0" * 64))

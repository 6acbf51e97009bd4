"""Existing schedulers: over TLS, with workers that are checked before they get tasks."""

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
from mammopair.batch.run_options import ResultOptions
from mammopair.batch.work_plan import BatchPlan
from mammopair.batch.worker_identity import WorkerIdentity, check_identity, identify_worker
from mammopair.errors import InputError
from mammopair.progress import exhaust
from Testing.engine.batch.archive import (
    PATIENCE,
    WORKER,
    end,
    environment,
    only_message,
    outcomes_in,
    same_results,
)


def shifted(folder, seconds):
    """Return an environment in which Python's clock differs."""
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(
        f"import time\ntrue = time.time\ntime.time = lambda: true() + {seconds}\n"
    )
    return environment(folder)


def test_a_tls_scheduler_gives_the_same_bytes_although_a_workers_clock_differs(
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
    _, message = end(process, 0)
    assert "s; the results are not affected" in only_message(message)
    assert all(same_results(tmp_path / "out", undisturbed))


def test_workers_that_cannot_start_give_one_message():
    """For example if the program comes from standard input, which workers would read again."""
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
    assert ran.stdout.startswith("Dask: cannot start workers"), ran.stderr


def test_a_tls_scheduler_without_a_client_certificate_gives_one_message(monkeypatch):
    monkeypatch.setattr(cluster, "CONNECTION_TIMEOUT", 1)
    with pytest.raises(InputError, match="no scheduler answers there"), workers_of("tls://[::1]:9"):
        pass


def test_a_missing_certificate_is_named(tmp_path):
    files = TlsFiles(tmp_path / "ca.pem", tmp_path / "me.pem", tmp_path / "me.key")
    with pytest.raises(InputError, match=r"ca\.pem"), workers_of("tls://127.0.0.1:9", files):
        pass


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:9", "nonsense"])
def test_a_missing_scheduler_gives_one_message(monkeypatch, address):
    monkeypatch.setattr(cluster, "CONNECTION_TIMEOUT", 1)
    with pytest.raises(InputError, match="no scheduler answers there"), workers_of(address):
        pass


def test_a_scheduler_without_workers_gives_one_message(monkeypatch, scheduler):
    _, address, _ = scheduler()
    monkeypatch.setattr(
        cluster, "CONNECTION_TIMEOUT", 5
    )  # within which a busy scheduler must answer
    with pytest.raises(InputError, match="has no workers; start some"), workers_of(address):
        pass


def test_a_worker_with_another_version_is_refused_before_any_work(
    start, scheduler, batch, archive, tmp_path
):
    """With a copy of the package that has another version number."""
    package = Path(mammopair.__file__).parent
    ignored = shutil.ignore_patterns("ensembles", "__pycache__", "demo")
    shutil.copytree(package, tmp_path / "other" / "mammopair", ignore=ignored)
    init = tmp_path / "other" / "mammopair" / "__init__.py"
    init.write_text(init.read_text().replace(f'"{mammopair.__version__}"', '"0.0.9"'))
    _, address, found = scheduler()
    start(*WORKER, *found, env=environment(tmp_path / "other"))
    process = batch(archive / "lesions.csv", tmp_path / "out", "--scheduler", address)
    _, message = end(process, 1)
    assert f"is version 0.0.9, but the run was started with {mammopair.__version__}" in (
        only_message(message)
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
        device="cpu",
        runtime="torch",
        results=ResultOptions(),
    )


def test_a_worker_is_identified(plan):
    identity = identify_worker(plan)
    assert identity.sha256 == plan.sha256
    assert identity.software == plan.software
    assert identity.sees_out
    assert abs(identity.clock - time.time()) < 60


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (
            WorkerIdentity(mammopair.__version__, "0" * 64, 0.0, True),
            "has SHA-256 000000000000...",
        ),
        (WorkerIdentity("0.0.9", "0" * 64, 0.0, True), "is version 0.0.9"),
        (InputError("/models/a", "is neither a folder nor"), "/models/a: is neither a folder"),
        (ModuleNotFoundError("No module named 'mammopair'"), "install it there"),
    ],
)
def test_a_worker_that_would_compute_other_results_is_refused(plan, answer, message):
    with pytest.raises(InputError) as refused:
        check_identity("tcp://node7:1234", answer, plan)
    assert message in str(refused.value)
    assert str(refused.value).startswith("worker tcp://node7:1234: ")


def test_a_worker_that_cannot_find_the_output_folder_is_refused_if_it_must_write(plan):
    from dataclasses import replace

    answer = WorkerIdentity(plan.software, plan.sha256, 0.0, sees_out=False)
    check_identity("tcp://node7:1234", answer, plan)
    with pytest.raises(InputError, match="folder that all machines share"):
        check_identity("tcp://node7:1234", answer, replace(plan, results=ResultOptions(dicom=True)))


def test_a_worker_that_joins_later_with_another_model_does_no_work(plan):
    """It is not there at the check before the run; its first task fails."""
    from dataclasses import replace

    from mammopair.batch.work_plan import Task
    from mammopair.batch.worker import run_task

    with pytest.raises(InputError, match="provide the same ensemble"):
        exhaust(run_task(Task((), frozenset()), replace(plan, sha256="0" * 64)))

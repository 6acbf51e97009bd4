"""A run across two machines, simulated by network namespaces with a virtual link between them."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest

from Testing.engine.batch.archive import (
    LESIONS,
    SCHEDULER,
    WORKER,
    end,
    outcomes_in,
    same_results,
    wait_until,
)

ADDRESSES = {f"mammopair-{os.getpid()}-{end}": f"10.231.7.{end}" for end in (1, 2)}
HERE, THERE = ADDRESSES


def ip(*arguments):
    """Run ip(8); return whether it succeeded."""
    return subprocess.run(["ip", *arguments], capture_output=True, check=False).returncode == 0


def on(node):
    """The prefix of a command that runs on a node."""
    return ("ip", "netns", "exec", node)


@pytest.fixture
def nodes():
    """Two connected nodes; skips the test where namespaces are not available."""
    if os.name == "nt" or os.geteuid() or not shutil.which("ip"):
        pytest.skip("only root can make network namespaces")
    try:
        made = all(ip("netns", "add", node) for node in ADDRESSES)
        wire = ("link", "add", "wire", "netns", HERE, "type", "veth")
        if not (made and ip(*wire, "peer", "name", "wire", "netns", THERE)):
            pytest.skip("no network namespaces can be made here")
        for node, address in ADDRESSES.items():
            assert ip("-n", node, "address", "add", f"{address}/24", "dev", "wire")
            for device in ("wire", "lo"):
                assert ip("-n", node, "link", "set", device, "up")
        yield
    finally:
        for node in ADDRESSES:
            ip("netns", "delete", node)


@pytest.fixture
def cluster(nodes, start, certificates, tmp_path):
    """A scheduler over TLS; starts a worker on a node, and returns the options to connect."""
    tls = ("--tls-ca-file", certificates.ca, "--tls-cert", certificates.certificate)
    tls = ("--protocol", "tls", *tls, "--tls-key", certificates.key)
    address = f"tls://{ADDRESSES[HERE]}:8786"
    start(*SCHEDULER, "--host", ADDRESSES[HERE], "--port", "8786", *tls, within=on(HERE))
    ours = ("--tls-ca", certificates.ca, "--tls-cert", certificates.certificate)

    def with_worker_on(node):
        own = ("--host", ADDRESSES[node], "--name", node)
        start(*WORKER, address, *own, *tls, within=on(node))
        return ("--scheduler", address, *ours, "--tls-key", certificates.key)

    return with_worker_on


def test_a_remote_worker_gives_the_same_bytes(cluster, batch, archive, undisturbed, tmp_path):
    out = tmp_path / "out"
    end(batch(archive / "lesions.csv", out, *cluster(THERE), within=on(HERE)), 0)
    assert all(same_results(out, undisturbed))


@pytest.mark.slow
def test_work_of_a_disconnected_node_is_done_by_another(
    cluster, batch, archive, undisturbed, tmp_path
):
    """The node does not close its connections: Dask has to detect that it is silent."""
    out = tmp_path / "out"
    process = batch(archive / "lesions.csv", out, *cluster(THERE), within=on(HERE))
    wait_until(lambda: outcomes_in(out) >= 8, process)
    assert ip("-n", THERE, "link", "set", "wire", "down")
    assert outcomes_in(out) < LESIONS
    cluster(HERE)
    end(process, 0)
    assert outcomes_in(out) == LESIONS
    assert all(same_results(out, undisturbed))

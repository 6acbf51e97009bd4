"""Fixtures for the tests of the engine and of the research package."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

from Testing.synthetic_lesions import write_crop_folder, write_ensemble

__all__ = [
    "by_view",
    "by_view_folder",
    "cbis",
    "crop_folder",
    "ensemble",
    "ensemble_folder",
    "one_thread",
    "pool",
    "shipped",
]

CBIS = Path(__file__).parents[2] / "shared" / "data" / "cbis-ddsm"

# Reproducible examples, without a time limit that fails on a busy machine.
settings.register_profile("engine", deadline=None, derandomize=True, database=None)
settings.load_profile("engine")


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    """Limit all libraries to one thread; small problems are slower on several."""
    import scipy.linalg  # noqa: F401  its thread pool can be limited only once it is loaded
    import torch
    from threadpoolctl import threadpool_limits

    torch.set_num_threads(1)
    with threadpool_limits(1):
        yield


@pytest.fixture(scope="session")
def pool():
    """Two processes of a local Dask cluster, as with `--jobs 2`."""
    from mammopair.batch.cluster import local_pool

    with local_pool(2) as processes:
        yield processes


@pytest.fixture(scope="session")
def ensemble_folder(tmp_path_factory):
    """An ensemble of two random members for both projections, with flips."""
    return write_ensemble(tmp_path_factory.mktemp("ensembles") / "small")


@pytest.fixture(scope="session")
def ensemble(ensemble_folder):
    from mammopair.model.ensemble import load_ensemble

    return load_ensemble(ensemble_folder, "cpu")


@pytest.fixture(scope="session")
def by_view_folder(tmp_path_factory):
    """An ensemble of three members: one for CC, one for MLO, one for both."""
    views = (["CC"], ["MLO"], ["CC", "MLO"])
    return write_ensemble(tmp_path_factory.mktemp("ensembles") / "by-view", views=views)


@pytest.fixture(scope="session")
def by_view(by_view_folder):
    from mammopair.model.ensemble import load_ensemble

    return load_ensemble(by_view_folder, "cpu")


@pytest.fixture(scope="session")
def shipped():
    """The included ensemble."""
    from mammopair.model.ensemble import load_ensemble
    from mammopair.model.ensemble_folder import DEFAULT_ENSEMBLE, included_ensembles

    if DEFAULT_ENSEMBLE not in included_ensembles():
        pytest.skip(f"the ensemble {DEFAULT_ENSEMBLE} is not included")
    return load_ensemble(DEFAULT_ENSEMBLE, "cpu")


@pytest.fixture(scope="session")
def crop_folder(tmp_path_factory):
    """24 patients with synthetic lesions, in the layout of the prepared CBIS-DDSM masses."""
    return write_crop_folder(tmp_path_factory.mktemp("data") / "lesions")


@pytest.fixture(scope="session")
def cbis():
    """The prepared CBIS-DDSM masses, which are not part of the repository."""
    if not (CBIS / "crops.csv").is_file():
        pytest.skip("the prepared CBIS-DDSM masses are not in ../shared/data")
    return CBIS

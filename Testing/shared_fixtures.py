"""Fixtures shared by the tests of the engine and of the research package: small real parts."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

from Testing.synthetic_lesions import write_crop_folder, write_ensemble

CBIS = Path(__file__).parents[2] / "shared" / "data" / "cbis-ddsm"

# The same examples each time, and no limit of time that a busy machine could break.
settings.register_profile("engine", deadline=None, derandomize=True, database=None)
settings.load_profile("engine")


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    """Small problems are slower on several threads, by far so on a machine that is busy."""
    import scipy.linalg  # noqa: F401  it brings a pool of its own, which must be there to be limited
    import torch
    from threadpoolctl import threadpool_limits

    torch.set_num_threads(1)
    with threadpool_limits(1):
        yield


@pytest.fixture(scope="session")
def pool():
    """Two processes of a Dask cluster on this machine, as `--jobs 2` has them."""
    from mammopair.batch.cluster import local_pool

    with local_pool(2) as processes:
        yield processes


@pytest.fixture(scope="session")
def ensemble_folder(tmp_path_factory):
    """An ensemble of two drawn members, both of which read both views, in four mirrorings."""
    return write_ensemble(tmp_path_factory.mktemp("ensembles") / "small")


@pytest.fixture(scope="session")
def ensemble(ensemble_folder):
    from mammopair.model.ensemble import load_ensemble

    return load_ensemble(ensemble_folder, "cpu")


@pytest.fixture(scope="session")
def by_view_folder(tmp_path_factory):
    """An ensemble of three members: one reads CC, one MLO, one both."""
    views = (["CC"], ["MLO"], ["CC", "MLO"])
    return write_ensemble(tmp_path_factory.mktemp("ensembles") / "by-view", views=views)


@pytest.fixture(scope="session")
def by_view(by_view_folder):
    from mammopair.model.ensemble import load_ensemble

    return load_ensemble(by_view_folder, "cpu")


@pytest.fixture(scope="session")
def shipped():
    """The ensemble that ships."""
    from mammopair.model.ensemble import load_ensemble
    from mammopair.model.ensemble_folder import DEFAULT_ENSEMBLE, included_ensembles

    if DEFAULT_ENSEMBLE not in included_ensembles():
        pytest.skip(f"the ensemble {DEFAULT_ENSEMBLE} does not ship yet")
    return load_ensemble(DEFAULT_ENSEMBLE, "cpu")


@pytest.fixture(scope="session")
def crop_folder(tmp_path_factory):
    """24 patients with synthetic lesions, in the layout of the prepared CBIS-DDSM masses."""
    return write_crop_folder(tmp_path_factory.mktemp("data") / "lesions")


@pytest.fixture(scope="session")
def cbis():
    """The prepared CBIS-DDSM masses, which do not come with the repository."""
    if not (CBIS / "crops.csv").is_file():
        pytest.skip("the prepared CBIS-DDSM masses are not beside the repository")
    return CBIS

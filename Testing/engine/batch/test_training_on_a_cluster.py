"""Members of a cross-validation as tasks of the same cluster: the same predictions."""

from __future__ import annotations

import pytest

from mammopair.cli.cluster_options import pool_at
from mammopair.progress import exhaust
from mammopair_research.crossval.cross_validation import cross_validate
from mammopair_research.training.recipe import read_recipe
from Testing.engine.batch.archive import WORKER
from Testing.synthetic_lesions import RECIPE


@pytest.mark.slow
def test_members_train_on_the_workers_and_predict_the_same(start, scheduler, crop_folder, tmp_path):
    (tmp_path / "small.toml").write_text(RECIPE)
    recipe = read_recipe(tmp_path / "small.toml")
    here = tmp_path / "here"
    here.mkdir()
    exhaust(cross_validate(recipe, crop_folder, here, device="cpu"))

    _, address, found = scheduler()
    start(*WORKER, *found)
    there = tmp_path / "there"
    there.mkdir()
    with pool_at(address, (None, None, None)) as pool:
        steps = cross_validate(recipe, crop_folder, there, device="cpu", pool=pool)
        run = exhaust(steps)
    assert len(run.predictors) == 2
    name = "predictions.csv"
    assert (there / name).read_bytes() == (here / name).read_bytes()

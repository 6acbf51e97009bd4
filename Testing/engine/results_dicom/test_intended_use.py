"""Every object states that it is for research use only, and none gives advice."""

from __future__ import annotations

import re

ADVICE = re.compile(r"recommend(?!ed Display)|biops|follow.up|BI-?RADS", re.IGNORECASE)


def test_every_series_description_states_research_use_only(read_back):
    for name, dataset in read_back.items():
        assert dataset.SeriesDescription.endswith("Research use only"), name


def test_no_object_has_an_assessment_category_or_advice(read_back):
    for name, dataset in read_back.items():
        assert not ADVICE.search(str(dataset)), name

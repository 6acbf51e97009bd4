"""Every object has the top-level attributes that the standard requires.

The content tree of the report is not covered: its attributes depend on the type of each item.
"""

from __future__ import annotations

import pytest
from highdicom._standard_utils import (
    get_iod_module_map,
    get_module_attribute_map,
    get_sop_class_iod_map,
)

NAMES = [
    *("report.dcm", "picture.dcm", "CC-evidence-levels.dcm", "CC-evidence-map.dcm"),
    *("MLO-evidence-levels.dcm", "MLO-evidence-map.dcm"),
]


@pytest.mark.parametrize("name", NAMES)
def test_mandatory_modules_have_their_mandatory_attributes(read_back, name):
    dataset = read_back[name]
    iod = get_sop_class_iod_map()[dataset.SOPClassUID]
    modules = [m["key"] for m in get_iod_module_map()[iod] if m["usage"] == "M"]
    modules = [module for module in modules if module != "sr-document-content"]
    attributes = [
        attribute
        for module in modules
        for attribute in get_module_attribute_map().get(module, [])
        if not attribute["path"]
    ]
    assert len(attributes) > 40
    absent = [a["keyword"] for a in attributes if a["type"] in "12" and a["keyword"] not in dataset]
    empty = [
        a["keyword"]
        for a in attributes
        if a["type"] == "1" and a["keyword"] in dataset and not _filled(dataset, a["keyword"])
    ]
    assert not absent
    assert not empty


def _filled(dataset, keyword):
    value = dataset[keyword].value
    return value is not None and value != "" and value != []

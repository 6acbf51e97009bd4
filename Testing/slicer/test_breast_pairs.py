"""Which volumes of the scene are found as the CC and the MLO view of a breast."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from Testing.field_cases import CASES, Selected


@pytest.mark.parametrize(
    "case",
    [case for case in CASES if isinstance(case.expected, Selected)],
    ids=lambda case: case.title,
)
def test_the_views_of_an_exam_are_found_as_the_field_cases_state(slicer_host, tmp_path, case):
    import slicer

    from MammoClassifierLib.scene.breast_pairs import candidateVolumes, findBreasts

    slicer_host.register_module("DICOMMammographyPlugin")
    plugin = slicer.modules.dicomPlugins["DICOMMammographyPlugin"]()
    files = [str(path) for path in case.build(tmp_path).iterdir()]
    for file in files:
        slicer.dicomDatabase.insert(file, False)
    loaded = {}
    for loadable in plugin.examineForImport([files]):
        node = plugin.load(loadable)
        if node is not None:
            loaded[node.GetID()] = Path(loadable.files[0]).stem
    found = findBreasts(candidateVolumes())
    ccs = [loaded[breast.cc.GetID()] for breast in found if breast.cc]
    mlos = [loaded[breast.mlo.GetID()] for breast in found if breast.mlo]
    assert ccs == [case.expected.cc] * (case.expected.cc is not None)
    assert mlos == [case.expected.mlo] * (case.expected.mlo is not None)


def test_a_mask_without_a_dicom_file_is_not_found(make_volume):
    from MammoClassifierLib.scene.breast_pairs import findBreasts

    view = make_volume("R CC")
    mask = make_volume("R CC", np.where(np.indices((120, 90))[0] > 60, 255, 0).astype(np.uint8))
    assert [breast.cc for breast in findBreasts([mask, view])] == [view]
    assert findBreasts([mask]) == []


def test_volumes_of_different_names_are_not_paired_but_may_be_chosen_together(
    make_volume, make_roi
):
    from MammoClassifierLib.scene.breast_pairs import findBreasts
    from MammoClassifierLib.scene.inputs import MarkedVolume, markedViewOf
    from mammopair.io.view_checks import check_pair

    first, second = make_volume("IMG_1_R_CC"), make_volume("IMG_2_R_MLO")
    assert len(findBreasts([first, second])) == 2
    views = [
        markedViewOf(MarkedVolume(projection, volume, make_roi(volume, (20, 40, 15, 15)))).view
        for projection, volume in (("CC", first), ("MLO", second))
    ]
    assert [warning.code for warning in check_pair(views)] == ["different-names"]

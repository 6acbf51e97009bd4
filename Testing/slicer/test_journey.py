"""The clinician's whole journey, by clicks and signals, on a real demo exam."""

from __future__ import annotations


def test_a_breast_is_found_hung_marked_classified_and_shown(clinic):
    clinic.load()
    widget = clinic.open()
    print(widget.ui.breastSelector.currentText, clinic.message)
    assert clinic.parameters.ccVolume is not None
    clinic.mark()
    clinic.classify()
    print(clinic.message)
    assert clinic.parameters.result is not None

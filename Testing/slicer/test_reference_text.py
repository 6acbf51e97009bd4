"""What the panel says beside the probability: prevalence, points, set, typicality, words."""

from __future__ import annotations

import pytest
from told import full_record, show_result

from Testing.slicer.clinic import showing


@pytest.fixture
def marked(clinic):
    clinic.load()
    clinic.open()
    clinic.mark()
    return clinic


def said(clinic):
    """The block beside the gauge; its numbers do not part from their per cent signs."""
    return str(clinic.widget.ui.referenceLabel.text).replace("\N{NO-BREAK SPACE}", " ")


def mark_of(pixmap):
    """Where the gauge's mark is, in pixels from the left, seen over the scale."""
    image = pixmap.toImage()
    dark = [x for x in range(image.width()) if image.pixelColor(x, 60).lightness() < 60]
    return (dark[0] + dark[-1] + 1) / 2


def test_set_points_and_typicality_stand_in_one_block(marked):
    show_result(marked, full_record())
    lines = said(marked).splitlines()
    assert lines == [
        "Classes not excluded at 90 % coverage: benign or malignant.",
        "Above the threshold for sensitivity 95 % (at 20 %).",
        "Below the threshold for specificity 90 % (at 80 %).",
        "Looks more unusual than 63 % of the training images.",
    ]


def test_an_ensemble_without_them_leaves_the_panel_as_it_was(marked):
    bare = {"conformal": None, "out_of_distribution": None, "prevalence": None}
    show_result(marked, full_record(**bare, operating_points=[], concepts=[]))
    ui = marked.widget.ui
    assert not showing(ui.referenceLabel)
    assert not showing(ui.descriptorsLabel)
    assert showing(ui.prevalenceSpinBox)
    assert not ui.prevalenceSpinBox.isEnabled()
    assert "is unknown" in str(ui.prevalenceSpinBox.toolTip)


def test_a_stated_prevalence_moves_gauge_and_thresholds_and_zero_brings_them_back(marked):
    from MammoClassifierLib.panel.gauge import gaugePosition

    show_result(marked, full_record())
    ui = marked.widget.ui
    assert str(ui.prevalenceSpinBox.text).startswith("as in the training data")
    assert mark_of(ui.gaugeLabel.pixmap()) == pytest.approx(gaugePosition(0.7), abs=1)

    ui.prevalenceSpinBox.setValue(10.0)
    marked.host.process_events()

    odds = 0.7 / 0.3 * 0.1 / 0.9
    assert mark_of(ui.gaugeLabel.pixmap()) == pytest.approx(gaugePosition(odds / (1 + odds)), abs=1)
    assert "sensitivity 95 % (at 3 %)" in said(marked)
    assert not showing(ui.staleLabel), "the result itself is the same"
    ui.prevalenceSpinBox.setValue(0.0)
    marked.host.process_events()
    assert mark_of(ui.gaugeLabel.pixmap()) == pytest.approx(gaugePosition(0.7), abs=1)


def test_the_prevalence_is_saved_with_the_scene(marked, tmp_path):
    show_result(marked, full_record())
    marked.widget.ui.prevalenceSpinBox.setValue(10.0)
    marked.host.process_events()
    marked.host.save_scene(tmp_path / "study.mrb")
    marked.host.close_scene()
    marked.host.load_scene(tmp_path / "study.mrb")
    marked.host.process_events()
    assert marked.parameters.prevalence == pytest.approx(10.0)
    assert "(at 3 %)" in said(marked)


def test_the_logic_restates_without_a_panel(clinic):
    from MammoClassifierLib.logic import MammoClassifierLogic
    from mammopair.errors import InputError

    record = full_record()
    adjusted = MammoClassifierLogic().adjustPrevalence(record, 0.5)
    assert adjusted.prior_shift.probability == pytest.approx(0.7)
    with pytest.raises(InputError, match="between 0 and 1"):
        MammoClassifierLogic().adjustPrevalence(record, 10)


def test_each_word_has_a_bar_as_long_as_its_score(marked):
    from MammoClassifierLib.panel.descriptor_bars import BAND, BAR, BAR_WIDTH, ROW, TOP

    show_result(marked, full_record())
    label = marked.widget.ui.descriptorsLabel
    assert showing(label)
    image = label.pixmap().toImage()
    for row, score in enumerate((0.82, 0.1)):
        colours = [image.pixelColor(x, TOP + row * ROW + 8).name() for x in range(image.width())]
        assert colours.count(BAND) == round(BAR_WIDTH * score)
        assert colours[BAR] == BAND
    assert str(label.toolTip).splitlines() == [
        "spiculated margin: 0.82; higher than 70 % of the reference masses with this descriptor "
        "and 95 % of those without it",
        "oval shape: 0.10; higher than 5 % of the reference masses with this descriptor "
        "and 20 % of those without it",
    ]


def test_the_block_is_greyed_with_a_stale_result(marked):
    show_result(marked, full_record())
    marked.parameters.ccRoi.SetSize(33.0, 33.0, 1.0)
    marked.host.process_events()
    ui = marked.widget.ui
    assert showing(ui.staleLabel)
    assert not ui.referenceLabel.isEnabled()
    assert not ui.prevalenceSpinBox.isEnabled()

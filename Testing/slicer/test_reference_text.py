"""The reference text, the prevalence and the descriptors in the panel."""

from __future__ import annotations

import pytest
from full_record import full_record, show_result

from Testing.slicer.module_user import is_shown


@pytest.fixture
def marked(user):
    user.load()
    user.open()
    user.mark()
    return user


def reference_text(user):
    """The text beside the gauge, with ordinary spaces."""
    return str(user.widget.ui.referenceLabel.text).replace("\N{NO-BREAK SPACE}", " ")


def mark_position(pixmap):
    """The position of the gauge's mark, in pixels from the left."""
    image = pixmap.toImage()
    dark = [x for x in range(image.width()) if image.pixelColor(x, 60).lightness() < 60]
    return (dark[0] + dark[-1] + 1) / 2


def test_the_reference_text_has_classes_operating_points_and_out_of_distribution_score(marked):
    show_result(marked, full_record())
    lines = reference_text(marked).splitlines()
    assert lines == [
        "Classes not excluded at 90 % coverage: benign or malignant.",
        "At or above the threshold for sensitivity 95 % (at 20 %).",
        "Below the threshold for specificity 90 % (at 80 %).",
        "Out-of-distribution score: higher than 63 % of the training images.",
    ]


def test_missing_reference_values_hide_their_widgets(marked):
    bare = {"conformal": None, "out_of_distribution": None, "prevalence": None}
    show_result(marked, full_record(**bare, operating_points=[], concepts=[]))
    ui = marked.widget.ui
    assert not is_shown(ui.referenceLabel)
    assert not is_shown(ui.descriptorsLabel)
    assert is_shown(ui.prevalenceSpinBox)
    assert not ui.prevalenceSpinBox.isEnabled()
    assert "is unknown" in str(ui.prevalenceSpinBox.toolTip)


def test_gauge_and_thresholds_follow_the_prevalence(marked):
    from MammoClassifierLib.panel.gauge import gaugePosition

    show_result(marked, full_record())
    ui = marked.widget.ui
    assert str(ui.prevalenceSpinBox.text).startswith("as in the training data")
    assert mark_position(ui.gaugeLabel.pixmap()) == pytest.approx(gaugePosition(0.7), abs=1)

    ui.prevalenceSpinBox.setValue(10.0)
    marked.host.process_events()

    odds = 0.7 / 0.3 * 0.1 / 0.9
    assert mark_position(ui.gaugeLabel.pixmap()) == pytest.approx(
        gaugePosition(odds / (1 + odds)), abs=1
    )
    assert "sensitivity 95 % (at 3 %)" in reference_text(marked)
    assert not is_shown(ui.staleLabel), "the result is not stale"
    ui.prevalenceSpinBox.setValue(0.0)
    marked.host.process_events()
    assert mark_position(ui.gaugeLabel.pixmap()) == pytest.approx(gaugePosition(0.7), abs=1)


def test_the_prevalence_is_saved_with_the_scene(marked, tmp_path):
    show_result(marked, full_record())
    marked.widget.ui.prevalenceSpinBox.setValue(10.0)
    marked.host.process_events()
    marked.host.save_scene(tmp_path / "study.mrb")
    marked.host.close_scene()
    marked.host.load_scene(tmp_path / "study.mrb")
    marked.host.process_events()
    assert marked.parameters.prevalence == pytest.approx(10.0)
    assert "(at 3 %)" in reference_text(marked)


def test_the_logic_adjusts_the_prevalence_without_a_panel(user):
    from MammoClassifierLib.logic import MammoClassifierLogic
    from mammopair.errors import InputError

    record = full_record()
    adjusted = MammoClassifierLogic().adjustPrevalence(record, 0.5)
    assert adjusted.prior_shift.probability == pytest.approx(0.7)
    with pytest.raises(InputError, match="between 0 and 1"):
        MammoClassifierLogic().adjustPrevalence(record, 10)


def test_each_descriptor_has_a_bar_as_long_as_its_score(marked):
    from MammoClassifierLib.panel.descriptor_bars import BAND, BAR, BAR_WIDTH, ROW, TOP

    show_result(marked, full_record())
    label = marked.widget.ui.descriptorsLabel
    assert is_shown(label)
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


def test_the_reference_text_is_disabled_for_a_stale_result(marked):
    show_result(marked, full_record())
    marked.parameters.ccRoi.SetSize(33.0, 33.0, 1.0)
    marked.host.process_events()
    ui = marked.widget.ui
    assert is_shown(ui.staleLabel)
    assert not ui.referenceLabel.isEnabled()
    assert not ui.prevalenceSpinBox.isEnabled()

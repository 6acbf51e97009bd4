"""The report shows descriptors, counterfactual images and the second map of an explained record."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from mammopair.explain.explanation import write_patch_png
from mammopair.record import ConceptScore, CounterfactualPath, Explanation
from mammopair.results.report.descriptor_table import descriptor_rows
from Testing.engine.results.report_pages import Page, write_report


def score(descriptor, value):
    return ConceptScore(descriptor=descriptor, score=value, above_with=0.74, above_without=0.98)


def with_descriptors(record, **changes):
    scores = [score("spiculated", 0.82), score("oval", 0.1)]
    views = [msgspec.structs.replace(view, concepts=scores, **changes) for view in record.views]
    return msgspec.structs.replace(record, concepts=scores, views=views)


@pytest.fixture
def explained(records, tmp_path):
    """The first record with descriptors and an explanation, with pictures in ``tmp_path``."""
    view = records[0].views[0]
    fine = np.kron(np.array(view.evidence.cells), np.ones((2, 2))).tolist()
    paths = []
    for towards, end, value in (("malignant", 0.93, 0.9), ("benign", 0.04, 0.2)):
        file = f"counterfactuals/{towards}.png"
        write_patch_png(tmp_path / file, np.full((256, 256), 0.5, np.float32))
        paths.append(
            CounterfactualPath(
                towards=towards,
                probabilities=[0.5, end],
                similarity=0.91,
                concepts=[score("spiculated", value)],
                file=file,
            )
        )
    explanation = Explanation(
        method="fine-evidence",
        evidence=msgspec.structs.replace(view.evidence, cells=fine),
        error=1e-7,
        counterfactuals=paths,
    )
    return with_descriptors(records[0], explanation=explanation)


def test_descriptors_are_shown_with_score_and_comparison(records, tmp_path):
    write_report([with_descriptors(records[0])], tmp_path / "report.html")
    text = Page(tmp_path / "report.html").text
    assert "spiculated margin 0.82" in text
    assert "oval shape 0.10" in text
    assert "74 % 98 %" in text
    assert "counterfactual" not in text.lower()


def test_counterfactual_images_are_shown_with_their_probabilities(explained, tmp_path):
    write_report([explained], tmp_path / "report.html")
    page = Page(tmp_path / "report.html")
    assert "Counterfactual image, benign: 4 %" in page.text
    assert "Counterfactual image, malignant: 93 %" in page.text
    assert "Original: 50 %" in page.text
    assert "structural similarity to the original 0.91" in page.text
    assert "do not predict how the mass will develop" in page.text
    images = [image for image in page.all("img") if "Counterfactual image" in image["alt"]]
    assert len(images) == 2 * len(explained.views)
    assert page.open == []


def test_the_second_map_is_shown_with_its_size_and_error(explained, records, tmp_path):
    write_report([explained], tmp_path / "report.html")
    text = Page(tmp_path / "report.html").text
    cells = 2 * len(records[0].views[0].evidence.cells)
    assert f"Fine evidence, {cells} × {cells} cells" in text
    assert "The fine evidence map sums to the logit within 1e-07." in text


def test_a_missing_counterfactual_image_is_reported_beside_the_other_pictures(explained, tmp_path):
    (tmp_path / "counterfactuals" / "benign.png").unlink()
    write_report([explained], tmp_path / "report.html")
    page = Page(tmp_path / "report.html")
    assert "benign.png: cannot be read (No such file or directory)" in page.text
    assert len([image for image in page.all("img") if "Whole" in image["alt"]]) == 2


def test_a_record_without_descriptors_has_no_table_and_no_text_about_them(records, tmp_path):
    write_report(records[:1], tmp_path / "report.html")
    page = Page(tmp_path / "report.html")
    assert not page.all("table", "descriptors")
    assert "Descriptors" not in page.text


def test_an_explained_record_without_descriptors_has_no_table(explained, tmp_path):
    views = [msgspec.structs.replace(view, concepts=[]) for view in explained.views]
    bare = msgspec.structs.replace(explained, concepts=[], views=views)
    write_report([bare], tmp_path / "report.html")
    page = Page(tmp_path / "report.html")
    assert not page.all("table", "descriptors")
    assert "Counterfactual image, benign" in page.text


def test_a_row_has_the_views_in_order_and_the_mean_over_counterfactual_images(explained):
    spiculated, oval = descriptor_rows(explained, explained.views)
    assert spiculated.name == "spiculated margin"
    assert oval.name == "oval shape"
    assert spiculated.views == (0.82,) * len(explained.views)
    assert (spiculated.benign, spiculated.malignant) == (pytest.approx(0.2), pytest.approx(0.9))
    assert oval.benign is None

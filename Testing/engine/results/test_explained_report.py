"""The page shows what the networks see: words with their scores, moved images, the finer map."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from mammopair.explain.explanation import write_patch_png
from mammopair.record import ConceptScore, CounterfactualPath, Explanation
from mammopair.results.report.descriptor_table import descriptor_rows
from Testing.engine.results.pages import Page, write_report


def score(word, value):
    return ConceptScore(descriptor=word, score=value, above_with=0.74, above_without=0.98)


def with_words(record, **changes):
    words = [score("spiculated", 0.82), score("oval", 0.1)]
    views = [msgspec.structs.replace(view, concepts=words, **changes) for view in record.views]
    return msgspec.structs.replace(record, concepts=words, views=views)


@pytest.fixture
def explained(records, tmp_path):
    """The first record, with words and an explanation whose pictures lie in ``tmp_path``."""
    view = records[0].views[0]
    fine = np.kron(np.array(view.evidence.cells), np.ones((2, 2))).tolist()
    paths = []
    for towards, end, value in (("malignant", 0.93, 0.9), ("benign", 0.04, 0.2)):
        file = f"moved/{towards}.png"
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
    return with_words(records[0], explanation=explanation)


def test_words_stand_with_score_and_what_they_are_higher_than(records, tmp_path):
    write_report([with_words(records[0])], tmp_path / "report.html")
    text = Page(tmp_path / "report.html").text
    assert "spiculated margin" in text
    assert "oval shape" in text
    assert "0.82" in text
    assert "74 % of masses with the word, 98 % of others" in text
    assert "Moved to" not in text


def test_moved_images_stand_with_their_probabilities(explained, tmp_path):
    write_report([explained], tmp_path / "report.html")
    page = Page(tmp_path / "report.html")
    assert "moved towards benign: 4 %" in page.text
    assert "moved towards malignant: 93 %" in page.text
    assert "as it is: 50 %" in page.text
    assert "structural similarity 0.91" in page.text
    assert "no forecast" in page.text
    views = len(explained.views)
    assert len([p for p in page.all("img") if "moved towards" in p["alt"]]) == 2 * views
    assert page.open == []


def test_the_finer_map_stands_beside_the_evidence(explained, records, tmp_path):
    write_report([explained], tmp_path / "report.html")
    cells = 2 * len(records[0].views[0].evidence.cells)
    words = f"Fine evidence, {cells} × {cells} cells, adds up to the logit within 1e-07"
    assert words in Page(tmp_path / "report.html").text


def test_a_moved_image_that_is_gone_is_a_sentence(explained, tmp_path):
    (tmp_path / "moved" / "benign.png").unlink()
    write_report([explained], tmp_path / "report.html")
    assert "benign.png: cannot be read" in Page(tmp_path / "report.html").text


def test_without_words_there_is_no_table_and_nothing_about_them(records, tmp_path):
    write_report(records[:1], tmp_path / "report.html")
    page = Page(tmp_path / "report.html")
    assert not page.all("table", "words")
    assert "The words" not in page.text


def test_an_explained_record_without_words_says_so(explained, tmp_path):
    views = [msgspec.structs.replace(view, concepts=[]) for view in explained.views]
    bare = msgspec.structs.replace(explained, concepts=[], views=views)
    write_report([bare], tmp_path / "report.html")
    assert "no concept scores that held up" in Page(tmp_path / "report.html").text


def test_a_row_has_the_views_in_their_order_and_the_mean_of_the_moved(explained):
    spiculated, oval = descriptor_rows(explained, explained.views)
    assert spiculated.name == "spiculated margin"
    assert oval.name == "oval shape"
    assert spiculated.views == (0.82,) * len(explained.views)
    assert (spiculated.benign, spiculated.malignant) == (pytest.approx(0.2), pytest.approx(0.9))
    assert oval.benign is None

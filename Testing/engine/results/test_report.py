"""The report is self-contained, shows the numbers of the records, escapes text, streams to disk."""

import base64
import io
import re
from dataclasses import replace

import msgspec
import numpy as np
import pytest
from PIL import Image

from mammopair.errors import InputError
from mammopair.results.rendered_view import render_view
from mammopair.results.report import render_section, write_page
from mammopair.view import View
from Testing.engine.results.report_pages import Page, render, write_report

NOTICE = "Research use only. Not a medical device."


@pytest.fixture(scope="module")
def path(records, tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "report.html"
    write_report(records, path)
    return path


@pytest.fixture(scope="module")
def page(path):
    return Page(path)


def picture(uri):
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2]))))


def test_the_page_is_self_contained(page, path):
    anchors = {found["id"] for _, found in page.elements if "id" in found}
    for _, found in page.elements:
        for name in ("src", "href", "xlink:href", "srcset", "action", "data"):
            value = found.get(name, "#" + min(anchors))
            assert value.startswith("data:image/") or value.removeprefix("#") in anchors
    assert not page.all("script")
    assert not page.all("link")
    assert not re.search(r"@import|url\(", path.read_text(encoding="utf-8"))


def test_all_elements_are_closed(page):
    assert page.open == []


def test_the_notice_is_first_last_and_with_every_lesion(page, records):
    shown = page.text.removeprefix(page.text[: page.text.index(NOTICE)])
    assert page.text[: page.text.index(NOTICE)].strip() in ("", "Marked masses")
    assert shown.strip().endswith(NOTICE)
    assert page.text.count(NOTICE) == 2 + len(records)


def test_the_gauge_shows_the_numbers_of_the_record(page, records):
    def percentage(share):
        return pytest.approx(100 * share, abs=0.006)

    def at(found, name):
        assert found[name].endswith("%")
        return float(found[name][:-1])

    bands, points = page.all("rect", "band"), page.all("line", "point")
    views, members = page.all("line", "view-point"), page.all("circle", "member")
    for record, band, point in zip(records, bands, points, strict=True):
        assert at(point, "x1") == at(point, "x2") == percentage(record.probability)
        assert at(band, "x") == percentage(record.interval.low)
        assert at(band, "width") == percentage(record.interval.high - record.interval.low)
    results = [view for record in records for view in record.views]
    assert [at(mark, "x1") for mark in views] == [percentage(view.probability) for view in results]
    scores = [score for view in results for score in view.member_scores]
    assert [at(mark, "cx") for mark in members] == [percentage(each.probability) for each in scores]


def test_every_lesion_is_linked_from_the_overview_and_described(page, records):
    targets = [found["href"] for found in page.all("a") if "P_" in found["href"]]
    assert targets == [f"#{record.case_id}/{record.lesion_id}" for record in records]
    assert targets == ["#" + found["id"] for found in page.all("article")]
    for record in records:
        low, high = 100 * record.interval.low, 100 * record.interval.high
        assert f"90 % interval {low:.0f} to {high:.0f} %" in page.text
        assert f"Model {record.model.name} {record.model.version}" in page.text
        for warning in record.warnings:
            assert warning.message in page.text
        for view in record.views:
            assert f"Evidence: {view.evidence.direction}" in page.text
    assert page.text.count("The mass is not marked on this view") == 1


def test_every_picture_has_alternative_text_and_a_moderate_size(page, path, records):
    images = page.all("img")
    views = sum(len(record.views) for record in records)
    assert len(images) == 3 * views + len(records)
    for found in images:
        assert len(found["alt"]) > 20
        shape = picture(found["src"]).shape
        assert shape[:2] == (int(found["height"]), int(found["width"]))
    assert path.stat().st_size / views < 120_000


def test_the_legend_has_numbers_and_is_the_same_for_all_lesions(page, records):
    legends = [found["src"] for found in page.all("img") if "Colour scale" in found["alt"]]
    assert len(legends) == len(records)
    assert len(set(legends)) == 1
    assert page.text.count("≤ −4") == page.text.count("≥ +4") == len(records)


def test_the_map_and_bias_shown_sum_to_the_mean_logit_of_the_networks(page, records):
    for view in (view for record in records for view in record.views):
        odds = [np.log(each.probability / (1 - each.probability)) for each in view.member_scores]
        assert f"sum {np.mean(odds):+.2f} logits".replace("-", "−") in page.text


def test_text_of_records_is_escaped(records, tmp_path):
    evil = '"><script>alert(1)</script><img src=//evil.example/x>'
    record = msgspec.structs.replace(records[1], case_id=evil, lesion_id="{{ 7 * 7 }}")
    write_report([record], tmp_path / "report.html", title=evil)
    page = Page(tmp_path / "report.html")
    assert not page.all("script")
    assert all(found["src"].startswith("data:") for found in page.all("img"))
    assert evil in page.text
    assert "{{ 7 * 7 }}" in page.text


def test_a_mirrored_view_is_shown_mirrored_with_a_caption(records, load, tmp_path):
    record = records[1]
    result = record.views[0]
    stored = load(result)
    pixels = np.ascontiguousarray(stored.pixels[:, ::-1])
    x, y, width, height = result.box
    columns = pixels.shape[1]
    place = result.evidence
    turned = msgspec.structs.replace(
        result,
        box=(columns - x - width, y, width, height),
        evidence=msgspec.structs.replace(
            place,
            square=replace(place.square, left=columns - place.square.left - place.square.width),
            cells=np.asarray(place.cells)[:, ::-1].tolist(),
        ),
    )
    write_report([record], tmp_path / "as-stored.html")
    view = render_view(
        View(pixels, source=stored.source), turned.evidence.square, record.laterality
    )
    record = msgspec.structs.replace(record, views=[turned])
    section = render_section(record, {turned.projection: view}, tmp_path)
    write_page([record], [section], tmp_path / "turned.html", title="Turned")
    usual, mirrored = Page(tmp_path / "as-stored.html"), Page(tmp_path / "turned.html")
    assert "Mirrored left to right for display." in mirrored.text
    assert "Mirrored" not in usual.text
    for one, other in zip(usual.all("img")[:3], mirrored.all("img")[:3], strict=True):
        difference = picture(one["src"]).astype(int) - picture(other["src"]).astype(int)
        assert np.abs(difference).mean() < 4


def test_sections_are_written_to_disk_one_at_a_time(records, tmp_path):
    sections = [render_section(record, render(record), tmp_path) for record in records]
    written = []

    def one_at_a_time():
        for section in sections * 3:
            written.append(sum(file.stat().st_size for file in tmp_path.iterdir()))
            yield section

    write_page(records * 3, one_at_a_time(), tmp_path / "report.html", title="Many")
    assert written[-1] > 0.8 * (tmp_path / "report.html").stat().st_size


def test_an_interrupted_page_leaves_the_earlier_one(records, tmp_path):
    path = tmp_path / "report.html"
    path.write_text("earlier page")

    def failing():
        yield render_section(records[0], render(records[0]), tmp_path)
        raise MemoryError

    with pytest.raises(MemoryError):
        write_page(records, failing(), path, title="Interrupted")
    assert path.read_text() == "earlier page"
    assert list(tmp_path.iterdir()) == [path]


def test_a_missing_folder_is_reported(records, tmp_path):
    with pytest.raises(InputError, match="cannot be written"):
        write_report(records[:1], tmp_path / "none" / "report.html")

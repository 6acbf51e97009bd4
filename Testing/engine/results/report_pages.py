"""Write reports of records, and parse the pages."""

from __future__ import annotations

import re
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

from mammopair.io.reader import read_view
from mammopair.results.rendered_view import render_view
from mammopair.results.report import render_section, write_page

VOID = {"meta", "img", "br", "link"}


class Page(HTMLParser):
    """Elements with attributes, text, and unclosed elements of a page."""

    def __init__(self, path):
        super().__init__(convert_charrefs=True)
        self.elements, self.texts, self.open = [], [], []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] not in ("style", "script"):
            self.texts.append(data)

    @property
    def text(self):
        return re.sub(r"\s+", " ", " ".join(self.texts))

    def all(self, tag, kind=None):
        return [
            found
            for name, found in self.elements
            if name == tag and (kind is None or found.get("class") == kind)
        ]


@cache
def load_file(file):
    return read_view(Path(file))


def render(record):
    """Render the views of a record, by projection."""
    return {
        view.projection: render_view(load_file(view.file), view.evidence.square, record.laterality)
        for view in record.views
    }


def write_report(records, path, title="Marked masses"):
    """Write the report of records whose other files are in the folder of the page."""
    sections = (render_section(record, render(record), path.parent) for record in records)
    write_page(records, sections, path, title=title)

"""The report: one self-contained HTML page of results with pictures."""

from mammopair.results.report.lesion_section import render_section
from mammopair.results.report.page import write_page

__all__ = ["render_section", "write_page"]

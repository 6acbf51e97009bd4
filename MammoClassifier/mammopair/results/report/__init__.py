"""The report: one page, whole in itself, that shows results and what they rest on."""

from mammopair.results.report.page import write_report

__all__ = ["write_report"]

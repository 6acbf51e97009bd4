"""Published figures, from ``published.toml``."""

from __future__ import annotations

import tomllib
from importlib.resources import files

import msgspec

from mammopair_research.comparison.comparison_schema import Published


def published_figures() -> list[Published]:
    """Return the published figures in the order of the file."""
    text = (files("mammopair_research.comparison") / "published.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text)["figure"], list[Published])

"""Figures of others, as ``published.toml`` has them."""

from __future__ import annotations

import tomllib
from importlib.resources import files

import msgspec

from mammopair_research.comparison.comparison_schema import Published


def published_figures() -> list[Published]:
    """All of them, in the file's order."""
    text = (files("mammopair_research.comparison") / "published.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text)["figure"], list[Published])

"""Hook of MkDocs: fills the generated parts of the pages, and adds files from outside ``docs/``."""

from __future__ import annotations

import json
import re

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from mammopair.record import record_schema
from Testing.documents.generated_content import ROOT, fill_markers

SCREENSHOTS = ROOT / "Resources" / "Screenshots"
ICON = ROOT / "Resources" / "MammoClassifier.png"


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the changelog, the contributing guidelines, the pictures and the JSON Schema."""
    for name in ("CHANGELOG.md", "CONTRIBUTING.md"):
        text = re.sub(r"\b(CHANGELOG|CONTRIBUTING)\.md", lambda link: link[0].lower(), _read(name))
        files.append(File.generated(config, name.lower(), content=text))
    pictures = {path.name: path for path in SCREENSHOTS.iterdir()} | {"icon.png": ICON}
    for name, path in pictures.items():
        files.append(File.generated(config, f"images/{name}", abs_src_path=str(path)))
    schema = json.dumps(record_schema(), indent=2)
    files.append(File.generated(config, "reference/record.schema.json", content=schema))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Replace ``<!-- generated: NAME -->``."""
    return fill_markers(markdown)


def _read(name: str) -> str:
    return (ROOT / name).read_text("utf-8")

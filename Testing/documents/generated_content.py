"""The generated parts of the documentation, as Markdown: commands, formats, API, results.

A page includes a part by a line ``<!-- generated: NAME -->``, where NAME is a key of
:data:`GENERATORS`; :mod:`Testing.documents.mkdocs_hook` replaces the line when the site is built.
"""

from __future__ import annotations

import ast
import inspect
import json
import re
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import typer
from typer.main import get_command

import mammopair
from mammopair.cli import app
from mammopair.explain.methods import METHODS
from mammopair.io.crop_folder import CropRow
from mammopair.io.lesion_table import LesionTableRow
from mammopair.model.ensemble_folder import DEFAULT_ENSEMBLE, find_ensemble
from mammopair.model.manifest import Manifest, read_manifest
from mammopair.record import record_schema
from mammopair_research.cli import app as research_app
from mammopair_research.training.model_card import format_figure

ROOT = Path(__file__).parents[2]
MARKER = re.compile(r"^<!-- generated: ([a-z-]+) -->$", re.MULTILINE)
METRICS = {"auc": "AUC", "accuracy": "accuracy", "brier": "Brier", "ece": "ECE"}


def fill_markers(markdown: str) -> str:
    """Replace the markers of a page by the generated parts.

    Raises
    ------
    KeyError
        If a marker has an unknown name.
    """
    return MARKER.sub(lambda marker: GENERATORS[marker[1]](), markdown)


def commands(application: typer.Typer) -> str:
    """Usage, help and options of all commands of an application."""
    group = get_command(application)
    context = typer.Context(group, info_name=application.info.name)
    return "\n".join(_commands_of(group, context))


def _commands_of(group: Any, context: typer.Context) -> Iterator[str]:
    for name, command in group.commands.items():
        inner = typer.Context(command, info_name=name, parent=context)
        if hasattr(command, "commands"):
            yield from _commands_of(command, inner)
            continue
        yield f"## {inner.command_path}\n\n```text\n{command.get_usage(inner)}\n```\n"
        yield inspect.cleandoc(command.help) + "\n"
        yield "| Option | Meaning |\n|---|---|"
        for parameter in command.get_params(inner):
            option, text = parameter.get_help_record(inner)
            yield f"| `{_cell(option)}` | {_cell(text)} |"
        yield ""


def schema_tables(schema: dict[str, Any]) -> str:
    """A heading and a table of fields for each object of a JSON Schema."""
    sections = []
    for name in schema["$defs"]:
        meaning = plain_markdown(inspect.getdoc(_find_class(name)) or "")
        sections.append(f"### {name}\n\n{meaning}\n\n{field_table(schema, name)}")
    return "\n".join(sections)


def field_table(schema: dict[str, Any], name: str) -> str:
    """The fields of one object of a JSON Schema: name, type, meaning, default."""
    definition, texts = schema["$defs"][name], _attribute_docstrings(_find_class(name))
    lines = ["| Field | Type | Meaning |", "|---|---|---|"]
    for field, kind in definition["properties"].items():
        text = re.sub(r"\bNone\b", "null", plain_markdown(texts.get(field, "")))
        default = kind.get("default")
        if "default" in kind and default not in (None, "", []) and len(kind.get("enum", [])) != 1:
            text += f" Default: `{json.dumps(default)}`."
        lines.append(f"| `{field}` | {_type_of(kind)} | {_cell(text)} |")
    return "\n".join([*lines, ""])


def column_table(row: type) -> str:
    """The columns of a CSV table, from the struct of its rows."""
    schema = msgspec.json.schema(row)
    table = field_table(schema, row.__name__).replace("| Field |", "| Column |")
    for name in schema["$defs"][row.__name__]["properties"]:
        if name not in schema["$defs"][row.__name__]["required"]:
            table = table.replace(f"| `{name}` |", f"| `{name}`, optional |")
    return re.sub(r" Default: `[^`]*`\.| or null(?= \|)", "", table)


def public_api() -> str:
    """The public functions and classes, as directives of mkdocstrings."""
    names = [name for name in mammopair.__all__ if callable(getattr(mammopair, name))]
    functions = [name for name in names if name.islower()]
    lines = []
    for title, group in (
        ("Functions", functions),
        ("Classes", [name for name in names if name not in functions]),
    ):
        lines += [f"## {title}\n", *(f"::: mammopair.{name}\n" for name in group)]
    return "\n".join(lines)


def attribution_methods() -> str:
    """Name, meaning and additivity of the attribution methods."""
    lines = ["| Method | Name | Value of a cell | Cells add up to the logit |", "|---|---|---|---|"]
    for name, method in METHODS.items():
        additive = "yes" if method.additive else "no"
        lines.append(f"| {method.title} | `{name}` | {method.meaning} | {additive} |")
    return "\n".join([*lines, ""])


def shipped_ensemble() -> str:
    """Name, description and measured figures of the shipped ensemble, from its manifest."""
    manifest = read_manifest(find_ensemble(DEFAULT_ENSEMBLE))
    lines = [
        f"`{manifest.name}` version {manifest.version}: {manifest.description}\n",
        f"Measured on {manifest.training.data}. Scored by {manifest.measured['scored_by']}. "
        "In brackets: 95 % interval, from a bootstrap over patients.\n",
        f"| Level | n | {' | '.join(METRICS.values())} |",
        f"|---|---|{'---|' * len(METRICS)}",
    ]
    for level, figures in manifest.measured.items():
        if isinstance(figures, dict) and "auc" in figures:
            cells = [format_figure(figures, metric) for metric in METRICS]
            lines.append(f"| {level} | {figures['n']} | {' | '.join(cells)} |")
    return "\n".join([*lines, ""])


def comparison() -> str:
    """The comparison that ``make table`` wrote beside the manifest of the shipped ensemble."""
    return (find_ensemble(DEFAULT_ENSEMBLE) / "comparison.md").read_text("utf-8")


def model_card() -> str:
    """The model card of the shipped ensemble, without its title."""
    return (find_ensemble(DEFAULT_ENSEMBLE) / "MODEL_CARD.md").read_text("utf-8").partition("\n")[2]


def _find_class(name: str) -> type:
    """A class of the loaded modules of the engine, by its name."""
    for module in [module for key, module in sys.modules.items() if key.startswith("mammopair.")]:
        found = vars(module).get(name)
        if inspect.isclass(found):
            return found
    raise LookupError(f"no module of mammopair has a class {name}")


def _attribute_docstrings(struct: type) -> dict[str, str]:
    """The string after each field of a class, by field."""
    (body,) = ast.parse(textwrap.dedent(inspect.getsource(struct))).body
    found = {}
    for field, text in zip(body.body, body.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign) and isinstance(text, ast.Expr):
            found[ast.unparse(field.target)] = inspect.cleandoc(ast.literal_eval(text.value))
    return found


def _type_of(kind: dict[str, Any]) -> str:
    if "$ref" in kind:
        name = kind["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in kind:
        return " or ".join(_type_of(one) for one in kind["anyOf"])
    if "enum" in kind:
        return " or ".join(f"`{json.dumps(value)}`" for value in kind["enum"])
    if kind.get("type") == "array":
        if "prefixItems" in kind:
            return f"array of {len(kind['prefixItems'])} {_type_of(kind['prefixItems'][0])}s"
        return f"array of {_type_of(kind.get('items') or {'type': 'any'})}"
    return str(kind.get("type", "any"))


def plain_markdown(text: str) -> str:
    """Replace roles and literals of reStructuredText by code of Markdown."""
    text = re.sub(r":[a-z]+:`~?([^`]+)`", lambda role: f"`{role[1].rpartition('.')[2]}`", text)
    return text.replace("``", "`")


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


GENERATORS: dict[str, Callable[[], str]] = {
    "commands": lambda: commands(app),
    "research-commands": lambda: commands(research_app),
    "lesion-table": lambda: column_table(LesionTableRow),
    "crop-folder": lambda: column_table(CropRow),
    "record": lambda: schema_tables(record_schema()),
    "ensemble-manifest": lambda: schema_tables(msgspec.json.schema(Manifest)),
    "api": public_api,
    "methods": attribution_methods,
    "shipped-ensemble": shipped_ensemble,
    "comparison": comparison,
    "model-card": model_card,
}

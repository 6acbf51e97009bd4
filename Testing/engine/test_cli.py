"""The command line: what it writes, prints and returns, and one message for every invalid input.

Most runs go through :func:`mammopair.cli.main` in this process, which is all that the installed
command calls; one is a process of its own.
"""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
import sys

import numpy as np
import pytest

import mammopair
from mammopair.record import read_records
from Testing.command_line import files_no_larger_than, refused, run, written
from Testing.synthetic_lesions import LESION_BOX, film, write_ensemble, write_png
from Testing.synthetic_mammograms import mammogram, to_bytes, write_mammogram

COLUMNS = ["case_id", "lesion_id", "laterality", "view", "file", "box_x", "box_y", "box_w", "box_h"]
__all__ = ["refused", "run"]
BOX = [str(edge) for edge in LESION_BOX]
SMALL_BOX = ["20", "30", "20", "20"]
"""On the synthetic mammograms of 96 x 64 pixels."""
RESULTS = ["failures.csv", "records.jsonl", "report.html", "run.json", "table.csv"]
WITHOUT_RECORDS = ["failures.csv", "records.jsonl", "run.json", "table.csv"]


@pytest.fixture
def pair(tmp_path):
    """A folder with a CC view, a MLO view and a table of the lesion on them."""
    for view in ("CC", "MLO"):
        write_png(tmp_path / f"{view}.png", film(seed=len(view)).pixels)
    with (tmp_path / "lesions.csv").open("w", newline="", encoding="utf-8") as stream:
        table = csv.writer(stream)
        table.writerow([*COLUMNS, "label"])
        table.writerows(["p1", "1", "R", view, f"{view}.png", *BOX, 1] for view in ("CC", "MLO"))
    return tmp_path


# --- demo and classify ---------------------------------------------------------------------------


def test_demo_classifies_five_masses_of_two_real_exams(run, ensemble_folder, tmp_path):
    out = tmp_path / "out"
    code, printed, err = run("demo", "--model", ensemble_folder, "--out", out)
    assert (code, err.strip()) == (0, "")
    records = read_records(out / "records.jsonl")
    views = [view for record in records for view in record.views]
    moved = [
        path.file.rpartition("/")[2] for view in views for path in view.explanation.counterfactuals
    ]
    assert len(moved) == 2 * 10
    assert written(out) == sorted([*RESULTS, *moved])
    assert "out/counterfactuals" in printed
    assert [(r.case_id, r.lesion_id) for r in records] == [
        ("P_00173", "L1"),
        ("P_00173", "R1"),
        ("P_00173", "R2"),
        ("P_00820", "L1"),
        ("P_00820", "R1"),
    ]
    assert all(len(record.views) == 2 for record in records)
    for record in records:
        assert f"{100 * record.probability:.0f}" in printed
    assert "Research use only" in printed
    for name in ("records.jsonl", "table.csv", "report.html", "failures.csv"):
        assert f"out/{name}" in printed


def test_classify_accepts_a_lesion_table(run, pair, ensemble_folder):
    out = pair / "out"
    code, printed, _ = run("classify", pair / "lesions.csv", "-m", ensemble_folder, "-o", out)
    assert code == 0
    assert written(out) == RESULTS
    (record,) = read_records(out / "records.jsonl")
    assert (record.case_id, record.label, len(record.views)) == ("p1", 1, 2)
    assert "p1" in printed


def test_classify_adds_explanations_on_request(run, pair, ensemble_folder):
    out = pair / "out"
    options = [pair / "lesions.csv", "-m", ensemble_folder, "-o", out, "--explain"]
    code, _, err = run("classify", *options)
    assert code == 0, err
    (record,) = read_records(out / "records.jsonl")
    assert [len(view.explanation.counterfactuals) for view in record.views] == [2, 2]
    assert "Counterfactual image, benign" in (out / "report.html").read_text("utf-8")


def test_a_lesion_that_cannot_be_explained_is_named_and_keeps_its_record(
    run, pair, ensemble_folder
):
    out = pair / "out"
    out.mkdir()
    (out / "counterfactuals").write_text("a file in the way")
    options = [pair / "lesions.csv", "-m", ensemble_folder, "-o", out, "--explain"]
    code, _, err = run("classify", *options)
    assert code == 1
    assert "p1 lesion 1: no explanation: " in err
    (record,) = read_records(out / "records.jsonl")
    assert record.views[0].explanation is None


def test_a_lesion_marked_by_options_has_the_same_result_as_in_a_table(run, pair, ensemble_folder):
    out = pair / "out"
    options = ["--cc", pair / "CC.png", "--cc-box", *BOX, "--mlo", pair / "MLO.png"]
    options += ["--mlo-box", *BOX, "--laterality", "right"]
    code, _, err = run("classify", *options, "-m", ensemble_folder, "-o", out)
    assert code == 0, err
    (by_options,) = read_records(out / "records.jsonl")
    run("classify", pair / "lesions.csv", "-m", ensemble_folder, "-o", out)
    (by_table,) = read_records(out / "records.jsonl")
    assert by_options.probability == by_table.probability
    assert by_options.laterality == "R"


def test_json_prints_the_records_and_nothing_else(run, pair, ensemble_folder):
    out = pair / "out"
    code, printed, _ = run(
        "classify", pair / "lesions.csv", "-m", ensemble_folder, "-o", out, "--json"
    )
    assert code == 0
    (found,) = json.loads(printed)
    (line,) = (out / "records.jsonl").read_text("utf-8").splitlines()
    assert found == json.loads(line)


def test_a_lesion_that_fails_is_named_and_the_others_are_written(run, pair, ensemble_folder):
    with (pair / "lesions.csv").open("a", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerow(["p2", "5", "L", "CC", "CC.png", 9000, 0, 9, 9, ""])
    out = pair / "out"
    code, printed, err = run("classify", pair / "lesions.csv", "-m", ensemble_folder, "-o", out)
    assert code == 1
    assert err.strip().startswith("mammopair: p2 lesion 5: ")
    assert "lies outside the image" in err
    assert [record.case_id for record in read_records(out / "records.jsonl")] == ["p1"]
    assert "p1" in printed
    assert written(out) == RESULTS


def test_the_installed_command_prints_one_message_without_traceback(tmp_path):
    command = [sys.executable, "-c", "from mammopair.cli import main; main()"]
    done = subprocess.run(
        [*command, "classify", tmp_path / "none.csv"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr == (
        f"mammopair: {tmp_path / 'none.csv'}: cannot be read: No such file or directory\n"
    )


# --- evaluate, info ------------------------------------------------------------------------------


def test_evaluate_prints_all_measures_with_intervals_as_json(run, crop_folder, ensemble_folder):
    code, printed, _ = run("evaluate", crop_folder, "-m", ensemble_folder, "--json")
    assert code == 0
    figures = json.loads(printed)
    assert printed.count("\n") == 1
    for level in ("pairs", "views", "lesions"):
        assert figures[level]["n"] > 0
        for name in ("auc", "accuracy", "sensitivity", "specificity", "brier", "ece"):
            low, high = figures[level][f"{name}_ci"]
            assert low <= figures[level][name] <= high
    assert figures["research_use_only"] is True


def test_evaluate_prints_a_table_and_which_members_scored(run, crop_folder, ensemble_folder):
    code, printed, _ = run(
        "evaluate", crop_folder, "-m", ensemble_folder, "--without", "scanner=DBA"
    )
    assert code == 0
    for word in ("views", "pairs", "lesions", "Scored by all members", "Research use only"):
        assert word in printed


def test_info_describes_the_ensemble(run, ensemble_folder):
    code, printed, _ = run("info", ensemble_folder)
    assert code == 0
    assert "2 members" in printed
    code, printed, _ = run("info", ensemble_folder, "--json")
    facts = json.loads(printed)
    assert facts["ensemble"]["name"] == "small"
    assert facts["software"] == f"mammopair {mammopair.__version__}"
    assert "Research use only" in facts["notice"]


def test_version(run):
    assert run("--version") == (0, f"mammopair {mammopair.__version__}\n", "")


# --- invalid input -------------------------------------------------------------------------------


def assert_only_failures(out):
    """The lesion is listed as failed, and there is no record and no report."""
    assert written(out) == WITHOUT_RECORDS
    assert read_records(out / "records.jsonl") == []
    assert (out / "failures.csv").read_text("utf-8").count("\n") == 2


def not_dicom(path):
    path.write_bytes(b"this is a letter, and no image at all\n" * 20)


def truncated(path):
    content = to_bytes(mammogram())
    path.write_bytes(content[: len(content) // 2])


def no_pixels(path):
    dataset = mammogram()
    del dataset.PixelData
    path.write_bytes(to_bytes(dataset))


def one_value(path):
    write_mammogram(path, np.full((96, 64), 7, np.uint16))


def not_a_number(path):
    from PIL import Image

    pixels = np.random.default_rng(0).random((96, 64)).astype(np.float32)
    pixels[3, 4] = np.nan
    Image.fromarray(pixels).save(path, format="TIFF")


def with_attributes(**attributes):
    return lambda path: write_mammogram(path, **attributes)


FILES = {
    "nothing there": lambda _path: None,
    "not a DICOM": not_dicom,
    "empty": lambda path: path.touch(),
    "truncated": truncated,
    "no pixel data": no_pixels,
    "multi-frame": with_attributes(NumberOfFrames=2),
    "colour": with_attributes(PhotometricInterpretation="RGB", SamplesPerPixel=3),
    "CT": with_attributes(
        Modality="CT", SOPClassUID="1.2.840.10008.5.1.4.1.1.2", ViewPosition=None
    ),
    "zero size": with_attributes(Rows=0),
    "one value": one_value,
    "NaN": not_a_number,
}


@pytest.mark.parametrize("kind", FILES)
def test_a_file_that_is_not_a_mammogram_gives_one_message_and_no_record(
    refused, tmp_path, ensemble_folder, kind
):
    path = tmp_path / "film.dcm"
    FILES[kind](path)
    options = ["--cc", path, "--cc-box", *SMALL_BOX, "--laterality", "R"]
    message = refused("classify", *options, "-m", ensemble_folder, "-o", tmp_path / "out")
    assert str(path) in message
    assert_only_failures(tmp_path / "out")


@pytest.mark.parametrize(
    ("cc", "mlo", "message"),
    [
        ({}, {"ViewPosition": "CC"}, "view is specified as MLO, but is CC in the file"),
        ({"ViewPosition": "MLO"}, {}, "view is specified as CC, but is MLO in the file"),
        ({}, {"ImageLaterality": "L"}, "use two views of one breast"),
        ({}, {"PatientID": "another"}, "use two views of one patient"),
    ],
    ids=["two CC", "two MLO", "left with right", "two patients"],
)
def test_views_that_do_not_belong_together_give_one_message_and_no_record(
    refused, tmp_path, ensemble_folder, cc, mlo, message
):
    write_mammogram(tmp_path / "a.dcm", **{"ViewPosition": "CC", **cc})
    write_mammogram(tmp_path / "b.dcm", **{"ViewPosition": "MLO", **mlo})
    options = ["--cc", tmp_path / "a.dcm", "--cc-box", *SMALL_BOX]
    options += ["--mlo", tmp_path / "b.dcm", "--mlo-box", *SMALL_BOX]
    assert message in refused("classify", *options, "-m", ensemble_folder, "-o", tmp_path / "out")
    assert_only_failures(tmp_path / "out")


@pytest.mark.parametrize(
    ("box", "message"),
    [
        (["900", "0", "9", "9"], "lies outside the image"),
        (["1", "1", "0", "9"], "has no area"),
        (["nan", "1", "5", "9"], "finite"),
    ],
)
def test_an_invalid_box_gives_one_message_and_no_record(
    refused, tmp_path, ensemble_folder, box, message
):
    path = write_mammogram(tmp_path / "a.dcm")
    options = ["--cc", path, "--cc-box", *box, "-m", ensemble_folder, "-o", tmp_path / "out"]
    assert message in refused("classify", *options)
    assert_only_failures(tmp_path / "out")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: text.replace("box_w", "width"), "has no column box_w"),
        (lambda text: text.replace("150.0", "many", 1), "line 2: box_y is 'many'"),
        (
            lambda text: text + text.splitlines()[1] + "\n",
            "line 4: is another row of p1 lesion 1",
        ),
        (lambda text: text.replace("MLO.png", "gone.png"), "line 3: names"),
        (lambda text: text.replace(",", " "), "separate the columns with commas"),
        (lambda text: text.replace("\n", ",9\n").replace(",9", ",box_x", 1), "2 columns box_x"),
        (lambda text: text.splitlines()[0], "contains no lesions"),
    ],
)
def test_an_invalid_table_gives_one_message_and_writes_nothing(
    refused, pair, ensemble_folder, change, message
):
    path = pair / "lesions.csv"
    path.write_text(change(path.read_text("utf-8")), "utf-8")
    assert message in refused("classify", path, "-m", ensemble_folder, "-o", pair / "out")
    assert not (pair / "out").exists()


def missing(path):
    path.unlink()


def cut_off(path):
    path.write_bytes(path.read_bytes()[:-10])


def tampered(path):
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


def pickled(path):
    import torch

    torch.save({"a": torch.ones(2)}, path)


@pytest.mark.parametrize("damage", [missing, cut_off, tampered, pickled])
@pytest.mark.parametrize("command", ["classify", "info"])
def test_damaged_weights_give_one_message(refused, pair, ensemble_folder, damage, command):
    folder = shutil.copytree(ensemble_folder, pair / "model")
    damage(folder / "member-1.safetensors")
    if command == "classify":
        message = refused("classify", pair / "lesions.csv", "-m", folder, "-o", pair / "out")
        assert written(pair / "out") == []
    else:
        message = refused("info", folder)
    assert str(folder / "member-1.safetensors") in message


def test_an_unknown_model_or_device_gives_one_message(refused, pair, ensemble_folder):
    common = ["classify", pair / "lesions.csv", "-o", pair / "out"]
    assert "is neither a folder nor an included ensemble" in refused(*common, "-m", "none")
    assert "it must be auto, cuda" in refused(*common, "-m", ensemble_folder, "--device", "abacus")


def test_an_output_folder_that_is_a_file_gives_one_message(refused, pair, ensemble_folder):
    (pair / "out").write_text("in the way")
    for out in (pair / "out", pair / "out" / "below"):
        message = refused("classify", pair / "lesions.csv", "-m", ensemble_folder, "-o", out)
        assert "cannot be written to" in message
    assert (pair / "out").read_text() == "in the way"


@pytest.mark.parametrize("size", [1000, 3000, 20000])
def test_on_a_full_disk_no_file_is_half_written(run, pair, ensemble_folder, size):
    out = pair / "out"
    with files_no_larger_than(size):
        code, _, err = run("classify", pair / "lesions.csv", "-m", ensemble_folder, "-o", out)
    assert code == 1
    assert err.count("\n") == 1
    assert "cannot be written" in err
    assert set(written(out)) <= set(RESULTS)
    if (out / "records.jsonl").exists():
        assert len(read_records(out / "records.jsonl")) == 1
    if (out / "report.html").exists():
        assert (out / "report.html").read_text("utf-8").rstrip().endswith("</html>")


def test_a_folder_without_crops_gives_one_message(refused, tmp_path, ensemble_folder):
    (tmp_path / "data").mkdir()
    message = refused("evaluate", tmp_path / "data", "-m", ensemble_folder)
    assert "crops.csv: is missing" in message


# --- usage ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["classify"], "specify a lesion table"),
        (["classify", "a.csv", "--cc", "b.dcm"], "not both"),
        (["classify", "--cc", "b.dcm"], "--cc-box"),
        (["classify", "--cc-box", "1", "2", "3", "4"], "together"),
        (["classify", "--cc", "b.dcm", "--cc-box", "1", "2", "3"], ""),
        (["classify", "--cc", "b.dcm", "--cc-box", "a", "b", "c", "d"], "a"),
        (["evaluate"], "FOLDER"),
        (["evaluate", ".", "--without", "colour=red"], "COLUMN=VALUE"),
        (["evaluate", ".", "--without", "scanner"], "COLUMN=VALUE"),
        (["paint"], "paint"),
        (["demo", "--colour"], "--colour"),
    ],
)
def test_wrong_usage_has_exit_code_2_and_a_message(run, arguments, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    code, out, err = run(*arguments)
    assert code == 2
    assert out == ""
    assert message in err
    assert "Traceback" not in err
    assert written(tmp_path) == []


def test_a_missing_or_invalid_laterality_is_wrong_usage(run, pair, ensemble_folder, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    common = ["classify", "--cc", pair / "CC.png", "--cc-box", *BOX, "-m", ensemble_folder]
    code, _, err = run(*common, "-o", pair / "out")
    assert code == 2
    assert "--laterality L or R" in err
    code, _, err = run(*common, "-o", pair / "out", "--laterality", "both")
    assert code == 2
    assert "'both'" in err
    assert not (pair / "out").exists()


@pytest.mark.parametrize("command", ["demo", "classify", "evaluate", "info"])
def test_help_contains_examples(run, command, monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    code, printed, _ = run(command, "--help")
    assert code == 0
    assert "--json" in printed
    if command not in ("demo",):
        assert f"mammopair {command}" in printed
    code, printed, _ = run("--help")
    assert command in printed
    assert "Research use only" in printed


def test_a_projection_that_the_ensemble_does_not_support_gives_one_message(refused, pair):
    folder = write_ensemble(pair / "cc-only", views=[["CC"]])
    message = refused("classify", pair / "lesions.csv", "-m", folder, "-o", pair / "out")
    assert "the ensemble small does not support" in message

"""dcmqi's readers, based on DCMTK and ITK, return the same values at the same positions."""

from __future__ import annotations

import json

import numpy as np
import pydicom
import pytest
import SimpleITK

from mammopair.results.dicom.segmentation import levels_on_image
from Testing.engine.results_dicom.lesions import PROBABILITIES


def test_tid1500reader_reads_the_measurements_of_the_report(lesion, run_program, tmp_path):
    read = tmp_path / "report.json"
    arguments = ("--inputDICOM", lesion.files["report.dcm"], "--outputMetadata", read)
    process = run_program("tid1500reader", *arguments)
    assert process.returncode == 0, process.stderr
    groups = json.loads(read.read_text())["Measurements"]
    values = [[float(item["value"]) for item in group["measurementItems"]] for group in groups]
    record = lesion.record
    margins = [82.34567, 25.0]  # spiculated and ill-defined; the shape is not in the report
    lesion_values = [record.probability, record.interval.low, record.interval.high]
    expected = [[*(100 * value for value in lesion_values), *margins]]
    expected += [[100 * PROBABILITIES[view.projection], *margins] for view in record.views]
    assert values == [pytest.approx(group, abs=1e-5) for group in expected]
    assert {group["Laterality"]["CodeMeaning"] for group in groups} == {"Left"}
    assert len({group["TrackingUniqueIdentifier"] for group in groups}) == 1


def test_segimage2itkimage_reads_the_levels(lesion, run_program, tmp_path):
    view = lesion.record.views[-1]
    path = lesion.files[f"{view.projection}-evidence-levels.dcm"]
    process = run_program("segimage2itkimage", "--inputDICOM", path, "--outputDirectory", tmp_path)
    assert process.returncode == 0, process.stderr
    header = pydicom.dcmread(lesion.images[view.projection], stop_before_pixels=True)
    expected = levels_on_image(view.evidence, (header.Rows, header.Columns))
    for label in range(1, 9):
        image = SimpleITK.ReadImage(tmp_path / f"{label}.nrrd")
        assert np.array_equal(SimpleITK.GetArrayFromImage(image)[0] > 0, expected == label)
        assert image.GetOrigin() == (0, 0, 0)


def test_paramap2itkimage_reads_the_map_at_its_position(lesion, run_program, tmp_path):
    view = lesion.record.views[-1]
    path = lesion.files[f"{view.projection}-evidence-map.dcm"]
    process = run_program("paramap2itkimage", "--inputDICOM", path, "--outputDirectory", tmp_path)
    assert process.returncode == 0, process.stderr
    image = SimpleITK.ReadImage(tmp_path / "pmap.nrrd")
    cells = np.float32(view.evidence.cells)
    assert np.array_equal(SimpleITK.GetArrayFromImage(image)[0], cells)
    header = pydicom.dcmread(lesion.images[view.projection], stop_before_pixels=True)
    spacing = header.get("ImagerPixelSpacing", [1.0, 1.0])[1]
    evidence = view.evidence
    last = image.TransformIndexToPhysicalPoint((len(cells[0]) - 1, 0, 0))
    across = evidence.square.width / len(cells[0])
    assert last[0] / spacing + 0.5 == pytest.approx(
        evidence.square.left + evidence.square.width - across / 2
    )
    assert json.loads((tmp_path / "meta.json").read_text())["FrameLaterality"] == "L"

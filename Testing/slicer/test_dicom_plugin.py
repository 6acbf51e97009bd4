"""The DICOM plug-in: loadables, nodes, subject hierarchy, and errors."""

from __future__ import annotations

import logging

import numpy as np
import pytest
from pydicom.uid import (
    BreastTomosynthesisImageStorage,
    CTImageStorage,
    DigitalMammographyXRayImageStorageForProcessing,
    DigitalXRayImageStorageForPresentation,
    GrayscaleSoftcopyPresentationStateStorage,
    JPEGLosslessSV1,
    MammographyCADSRStorage,
    RawDataStorage,
    SecondaryCaptureImageStorage,
    SegmentationStorage,
    generate_uid,
)

from Testing.synthetic_mammograms import breast, coded, write_mammogram

RAW = {
    "SOPClassUID": DigitalMammographyXRayImageStorageForProcessing,
    "PresentationIntentType": "FOR PROCESSING",
}
NARROW = {"WindowCenter": 1500, "WindowWidth": 2001}
CAPTURE = {"SOPClassUID": SecondaryCaptureImageStorage, "PresentationIntentType": None}


class DicomModule:
    """The plug-in in Slicer's DICOM module, and what a user does there."""

    def __init__(self, host, folder):
        import slicer

        host.register_module("DICOMMammographyPlugin")
        self.folder = folder
        self.plugin = slicer.modules.dicomPlugins["DICOMMammographyPlugin"]()
        self._number = 0

    def write(self, **attributes):
        """Write a mammogram into the folder, index it, and return its path."""
        import slicer

        self._number += 1
        path = write_mammogram(self.folder / f"{self._number}.dcm", **attributes)
        slicer.dicomDatabase.insert(str(path), False)
        return str(path)

    def examine(self, *files):
        return self.plugin.examineForImport([list(files)])

    def load_study(self, messages=None):
        """Load all indexed files as the Load button does; return the volumes by name."""
        import slicer
        from DICOMLib import DICOMUtils

        database = slicer.dicomDatabase
        series = dict.fromkeys(database.seriesForFile(path) for path in database.allFiles())
        found, _ = DICOMUtils.getLoadablesFromFileLists(
            [database.filesForSeries(one) for one in series], messages=messages
        )
        DICOMUtils.selectHighestConfidenceLoadables(found)
        loaded = DICOMUtils.loadLoadables(found, messages)
        nodes = [slicer.mrmlScene.GetNodeByID(one) for one in loaded]
        return {node.GetName(): node for node in nodes if node.IsA("vtkMRMLVolumeNode")}


@pytest.fixture
def module(slicer_host, tmp_path):
    return DicomModule(slicer_host, tmp_path)


def four_views(module, *, one_series=True, **attributes):
    """Write the four standard views of a study, with different sizes and times."""
    series = {"StudyInstanceUID": generate_uid()}
    if one_series:
        series["SeriesInstanceUID"] = generate_uid()
    return [
        module.write(
            stored=np.arange(rows * 40, dtype=np.uint16).reshape(rows, 40),
            ImageLaterality=side,
            ViewPosition=projection,
            AcquisitionTime=f"12{rows}00",
            **{**series, **attributes},
        )
        for rows, (side, projection) in enumerate(
            (("R", "CC"), ("L", "CC"), ("R", "MLO"), ("L", "MLO")), start=50
        )
    ]


# Loadables.


def add_other_plugin(module, confidence, *, across_series):
    """Add a plug-in that offers all files as one volume, as Slicer's own do."""
    import slicer
    from DICOMLib import DICOMLoadable

    class OtherPlugin(type(module.plugin).__mro__[1]):
        def examineForImport(self, lists):  # noqa: N802
            lists = [[file for files in lists for file in files]] if across_series else lists
            return [self.offer(files) for files in lists]

        def offer(self, files):
            loadable = DICOMLoadable()
            loadable.files, loadable.confidence, loadable.selected = files, confidence, True
            return loadable

        def load(self, _loadable):
            raise AssertionError("the other plug-in was chosen")

    slicer.modules.dicomPlugins["OtherPlugin"] = OtherPlugin


@pytest.mark.parametrize("one_series", [True, False])
@pytest.mark.parametrize(
    ("confidence", "across_series"),
    [(0.5, False), (1.0, False), (1.0, True)],
    ids=["scalar volume", "multi-volume", "multi-volume of all series"],
)
def test_four_views_become_four_volumes_despite_other_plugins(
    module, one_series, confidence, across_series
):
    add_other_plugin(module, confidence, across_series=across_series)
    four_views(module, one_series=one_series)
    messages = []
    volumes = module.load_study(messages)
    assert set(volumes) == {"R CC", "L CC", "R MLO", "L MLO"}
    assert not messages
    rows = {name: node.GetImageData().GetDimensions()[1] for name, node in volumes.items()}
    assert rows == {"R CC": 50, "L CC": 51, "R MLO": 52, "L MLO": 53}


def view_code(value, *modifiers):
    item = coded(value, "view")
    if modifiers:
        item.ViewModifierCodeSequence = [coded(one, "modifier") for one in modifiers]
    return {"ViewPosition": None, "ViewCodeSequence": [item]}


@pytest.mark.parametrize(
    ("attributes", "name"),
    [
        ({}, "R CC"),
        ({"ImageLaterality": "L", **view_code("399368009", "399055006")}, "L MLO spot"),
        (
            view_code("399162004", "399163009", "399055006"),
            "R CC magnification spot",
        ),
        ({"ViewPosition": "MLOID"}, "R MLO implant displaced"),
        ({"ViewPosition": "XCCL"}, "R XCCL"),
        (view_code("399260004"), "R other view"),
        ({"ImageLaterality": None}, "? CC"),
        ({"ViewPosition": None}, "R ?"),
        (RAW, "R CC for processing"),
        (
            {**CAPTURE, "ImageLaterality": None, "ViewPosition": None}
            | {"Laterality": "L", "PatientOrientation": "MLO"},
            "L MLO secondary capture",
        ),
        ({"EstimatedRadiographicMagnificationFactor": 1.8}, "R CC magnification"),
        ({"SeriesDescription": "R CC C-View"}, "R CC synthetic"),
    ],
)
def test_loadables_are_named_by_laterality_projection_and_modifiers(module, attributes, name):
    (loadable,) = module.examine(module.write(**attributes))
    assert loadable.name == name
    assert loadable.confidence > 0.5
    assert loadable.selected


def test_repeated_views_are_numbered_in_the_order_of_acquisition(module):
    later = module.write(AcquisitionTime="130000")
    first = module.write(AcquisitionTime="120000")
    loadables = module.examine(later, first)
    assert {one.files[0]: one.name for one in loadables} == {first: "R CC", later: "R CC (2)"}


def test_raw_data_are_not_loaded_if_their_series_has_the_view_for_presentation(module):
    series = {"StudyInstanceUID": generate_uid(), "SeriesInstanceUID": generate_uid()}
    shown, raw, alone = (
        module.write(**series),
        module.write(**series, **RAW),
        module.write(**series, **RAW, ViewPosition="MLO"),
    )
    selected = {one.files[0]: one.selected for one in module.examine(shown, raw, alone)}
    assert selected == {shown: True, raw: False, alone: True}
    assert set(module.load_study()) == {"R CC", "R MLO for processing"}


def test_raw_data_in_their_own_series_are_loaded_by_this_plugin(module):
    """The DICOM browser loads one loadable of every selected series."""
    add_other_plugin(module, 1.0, across_series=False)
    study = {"StudyInstanceUID": generate_uid()}
    module.write(**study)
    module.write(**study, **RAW)
    assert set(module.load_study()) == {"R CC", "R CC for processing"}


def test_raw_data_in_another_series_are_not_selected_if_the_view_is_available(module):
    study = {"StudyInstanceUID": generate_uid()}
    shown, raw = module.write(**study), module.write(**study, **RAW)
    for order in ([[raw], [shown]], [[shown], [raw]]):
        loadables = module.plugin.examineForImport(order)
        assert {one.files[0]: one.selected for one in loadables} == {shown: True, raw: False}
    (loadable,) = module.examine(raw)
    assert loadable.selected, "the only loadable is selected"


def test_the_tooltip_lists_all_warnings_and_the_warning_only_those_about_the_view(module):
    (plain,) = module.examine(
        module.write(EstimatedRadiographicMagnificationFactor=1.8, ImagerPixelSpacing=[0.18, 0.09])
    )
    assert "96 rows, 64 columns, digital detector" in plain.tooltip
    assert (
        "Pixels of 0.05 x 0.1 mm at the breast, corrected for magnification; "
        "magnification factor 1.8"
    ) in plain.tooltip
    assert "Acquired on 2020-01-02" in plain.tooltip
    assert "A magnification view" in plain.tooltip
    assert plain.warning == "", "Slicer asks before it loads what has a warning"
    (doubtful,) = module.examine(module.write(Laterality="L"))
    assert "states conflicting lateralities" in doubtful.warning


@pytest.mark.parametrize(
    "attributes",
    [
        {"SOPClassUID": BreastTomosynthesisImageStorage, "NumberOfFrames": 40},
        {"NumberOfFrames": 4},
        {"SOPClassUID": CTImageStorage, "Modality": "CT"},
        {"SOPClassUID": SegmentationStorage, "Modality": "SEG"},
        {"SOPClassUID": MammographyCADSRStorage, "Modality": "SR", "Rows": None, "Columns": None},
        {
            "SOPClassUID": GrayscaleSoftcopyPresentationStateStorage,
            "Modality": "PR",
            "Rows": None,
        },
        {"SOPClassUID": RawDataStorage, "Rows": None, "Columns": None},
        {"PhotometricInterpretation": "RGB", "SamplesPerPixel": 3},
        {
            "SOPClassUID": DigitalXRayImageStorageForPresentation,
            "Modality": "DX",
            "ViewPosition": "AP",
            "ImageLaterality": None,
        },
    ],
    ids=["tomosynthesis", "stack", "CT", "SEG", "SR", "PR", "data", "colour", "chest"],
)
def test_other_objects_are_left_to_other_plugins_without_a_log_message(module, attributes, caplog):
    assert module.examine(module.write(**attributes)) == []
    assert not caplog.records


def test_a_ct_is_skipped_without_opening_its_files(module, caplog):
    from pathlib import Path

    file = module.write(SOPClassUID=CTImageStorage, Modality="CT")
    import slicer

    slicer.dicomDatabase.fileValue(file, "0008,0060")
    Path(file).unlink()
    assert module.examine(file) == []
    assert not caplog.records


def test_examining_reads_only_headers(module):
    from pathlib import Path

    file = module.write(transfer_syntax=JPEGLosslessSV1)
    whole = Path(file).read_bytes()
    Path(file).write_bytes(whole[: whole.rindex(b"\xe0\x7f\x10\x00")])
    (loadable,) = module.examine(file)
    assert loadable.name == "R CC"


def test_an_unreadable_mammogram_is_logged_and_the_others_are_offered(module, caplog):
    from pathlib import Path

    good, gone = module.write(), module.write(ViewPosition="MLO")
    odd = module.write(ImageLaterality="L", BitsAllocated=32)
    Path(gone).unlink()
    assert [one.name for one in module.examine(good, gone, odd)] == ["R CC"]
    said = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert said == [
        f"{gone}: does not exist; check the path",
        f"{odd}: has BitsAllocated 32, BitsStored 12, HighBit 11 and PixelRepresentation 0, "
        "which are invalid for a mammogram of 8 to 16 bits; export the image again",
    ]


def test_damaged_pixels_leave_the_scene_as_it_was(module, caplog):
    from pathlib import Path

    import slicer

    file = module.write()
    Path(file).write_bytes(Path(file).read_bytes()[:-100])
    before = slicer.mrmlScene.GetNumberOfNodes()
    messages = []
    assert module.load_study(messages) == {}
    assert messages == ["Could not load: R CC as a Mammogram"]
    assert slicer.mrmlScene.GetNumberOfNodes() == before
    (said,) = [one for one in caplog.records if one.levelno == logging.ERROR]
    assert said.getMessage().startswith(f"{file}: has truncated pixel data")
    assert said.exc_info is None, "no traceback"


# Subject hierarchy and attributes.


def place_of(volume):
    """The names and UIDs of a volume's study and patient in the subject hierarchy."""
    import slicer

    tree = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    names = slicer.vtkMRMLSubjectHierarchyConstants
    item = tree.GetItemByDataNode(volume)
    study = tree.GetItemParent(item)
    patient = tree.GetItemParent(study)
    assert tree.GetItemLevel(study) == "Study"
    assert tree.GetItemLevel(patient) == "Patient"
    return {
        "patient": tree.GetItemName(patient),
        "study": tree.GetItemName(study),
        "uids": tuple(
            tree.GetItemUID(one, names.GetDICOMUIDName()) for one in (patient, study, item)
        ),
        "instance": tree.GetItemUID(item, names.GetDICOMInstanceUIDName()),
    }


def test_views_are_placed_under_their_patient_and_study(module):
    import pydicom

    files = four_views(
        module,
        PatientID="42",
        PatientName="Yamada^Tarou=山田^太郎=やまだ^たろう",
        SpecificCharacterSet="ISO_IR 192",
        StudyDescription="Screening",
    )
    volumes = module.load_study()
    for file, volume in zip(files, volumes.values(), strict=True):
        header = pydicom.dcmread(file, stop_before_pixels=True)
        place = place_of(volume)
        assert "山田^太郎" in place["patient"]
        assert place["study"].startswith("Screening")
        assert place["uids"] == ("42", header.StudyInstanceUID, header.SeriesInstanceUID)
        assert place["instance"] == header.SOPInstanceUID
        assert volume.GetAttribute("DICOM.instanceUIDs") == header.SOPInstanceUID


def test_two_studies_of_a_patient_are_separate_items(module):
    module.write(StudyInstanceUID="1.2.3", ImageLaterality="L")
    module.write(StudyInstanceUID="1.2.4")
    places = {name: place_of(node)["uids"][:2] for name, node in module.load_study().items()}
    assert places == {"L CC": ("synthetic", "1.2.3"), "R CC": ("synthetic", "1.2.4")}


def test_a_file_without_a_patient_gets_its_own_patient_item(module):
    module.write(PatientID=None, StudyInstanceUID="1.2.3")
    (volume,) = module.load_study().values()
    assert place_of(volume)["uids"][:2] == ("Patient-1.2.3", "1.2.3")


def test_a_file_without_a_study_is_loaded_and_no_other_item_is_moved(module):
    import slicer

    other = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "of someone else")
    tree = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    file = module.write(StudyInstanceUID=None)
    volume = module.plugin.load(module.examine(file)[0])
    scene = tree.GetSceneItemID()
    assert tree.GetItemParent(tree.GetItemByDataNode(other)) == scene
    assert tree.GetItemParent(tree.GetItemByDataNode(volume)) == scene


def test_the_volume_has_the_attributes_that_the_module_reads(module):
    from MammoClassifierLib.scene.dicom_source import findDicomFile
    from MammoClassifierLib.scene.volumes import identifyVolume

    file = module.write(
        PatientID="42",
        InstanceNumber=7,
        EstimatedRadiographicMagnificationFactor=1.8,
        ViewPosition="MLO",
    )
    (volume,) = module.load_study().values()
    kept = {name: volume.GetAttribute(name) for name in volume.GetAttributeNames()}
    assert kept == {
        "DICOM.instanceUIDs": kept["DICOM.instanceUIDs"],
        "DICOM.instanceNumbers": "7",
        "MammoClassifier.patient": "42",
        "MammoClassifier.laterality": "R",
        "MammoClassifier.projection": "MLO",
        "MammoClassifier.spacing": "at the breast, corrected for magnification",
        "MammoClassifier.magnification": "1.8",
        "MammoClassifier.window": "0.0 4095.0 0.0 4095.0",
    }
    assert str(findDicomFile(volume)) == file
    assert identifyVolume(volume).study_uid


@pytest.mark.parametrize(
    "attributes",
    [
        {"PhotometricInterpretation": "MONOCHROME1", "stored": 4095 - breast(), **NARROW},
        {"VOILUTFunction": "SIGMOID", **NARROW},
        {"RescaleSlope": 3, "RescaleIntercept": -9, **NARROW},
    ],
    ids=["MONOCHROME1", "SIGMOID", "rescaled"],
)
def test_a_scene_is_classified_as_before_after_its_files_are_deleted(
    module, slicer_host, tmp_path, attributes
):
    from pathlib import Path

    import slicer

    from MammoClassifierLib.scene.volumes import viewFromVolume

    file = module.write(**attributes)
    (volume,) = module.load_study().values()
    before = viewFromVolume(volume, "CC")
    slicer_host.save_scene(tmp_path / "scene.mrb")
    slicer_host.close_scene()
    Path(file).unlink()
    slicer_host.load_scene(tmp_path / "scene.mrb")
    volume = slicer.util.getNode("R CC")
    after = viewFromVolume(volume, "CC")
    assert "no-dicom-origin" in {warning.code for warning in after.warnings}
    assert after.pixels == pytest.approx(before.pixels, abs=1e-5)

    slicer.util.arrayFromVolume(volume)[:] //= 2
    halved = viewFromVolume(volume, "CC").pixels
    assert (halved.min(), halved.max()) == (0, 1), "edited pixels are scaled again"


def test_a_file_outside_the_database_is_found_by_its_path(module, tmp_path):
    from MammoClassifierLib.scene.dicom_source import findDicomFile

    path = write_mammogram(tmp_path / "elsewhere.dcm")
    volume = module.plugin.load(module.examine(str(path))[0])
    assert volume.GetAttribute("MammoClassifier.file") == str(path)
    assert findDicomFile(volume) == path


def test_the_last_loaded_view_is_displayed(module, slicer_host):
    module.write()
    (volume,) = module.load_study().values()
    selection = slicer_host.app.applicationLogic().GetSelectionNode()
    assert selection.GetActiveVolumeID() == volume.GetID()
    assert slicer_host.slice_pixels("Red").rgba[..., 0].max() > 200


@pytest.mark.slicer_host(
    torch=False, missing=("msgspec", "safetensors", "scikit-learn", "sklearn", "pillow", "PIL")
)
def test_mammograms_are_loaded_before_packages_are_installed(module, slicer_host):
    import slicer

    module.write(transfer_syntax=JPEGLosslessSV1)
    (volume,) = module.load_study().values()
    assert slicer.util.arrayFromVolume(volume).max() == 4095
    assert not slicer_host.installations


def test_the_plugin_module_is_hidden(slicer_host):
    slicer_host.register_module("DICOMMammographyPlugin")
    assert slicer_host.app.moduleManager().module("DICOMMammographyPlugin").hidden

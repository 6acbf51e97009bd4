"""The application's input and output manager: scenes and volumes, on real storage nodes."""

from __future__ import annotations

from pathlib import Path

import slicer

SINGLE_FILE, AUTO_WINDOW_LEVEL = 4, 8  # vtkSlicerVolumesLogic::LoadingOptions


class IOManager:
    """Stand-in for qSlicerCoreIOManager."""

    def __init__(self, application_logic):
        self._application_logic = application_logic

    def loadNodes(self, kind, properties, collection, _messages):
        path = Path(properties["fileName"])
        if not path.exists():
            return False
        if kind == "SceneFile":
            return self._load_scene(path, properties.get("clear", False))
        if kind != "VolumeFile":
            raise ValueError(f"{path}: the test host reads scenes and volumes, not {kind}")
        node = self._load_volume(path, properties)
        if node is None:
            return False
        collection.AddItem(node)
        return True

    def _load_volume(self, path, properties):
        options = AUTO_WINDOW_LEVEL | SINGLE_FILE * bool(properties.get("singleFile"))
        name = properties.get("name") or path.name.split(".")[0]
        node = slicer.modules.volumes.logic().AddArchetypeVolume(str(path), name, options)
        if node is not None and properties.get("show", True):
            self._application_logic.GetSelectionNode().SetActiveVolumeID(node.GetID())
            self._application_logic.PropagateVolumeSelection()
        return node

    def _load_scene(self, path, clear):
        scene = slicer.mrmlScene
        if path.suffix == ".mrb":
            if not clear:
                raise ValueError(f"{path}: the test host reads .mrb only with clear=True")
            return bool(scene.ReadFromMRB(str(path), True))
        scene.SetURL(str(path))
        scene.SetRootDirectory(str(path.parent))
        return bool(scene.Connect() if clear else scene.Import())

    def saveNodes(self, kind, properties, messages):
        path = Path(properties["fileName"])
        if kind != "SceneFile":
            raise ValueError(f"{path}: the test host writes scenes, not {kind}")
        if path.suffix == ".mrb":
            return bool(slicer.mrmlScene.WriteToMRB(str(path), None, messages))
        path.mkdir(parents=True, exist_ok=True)
        return bool(
            self._application_logic.SaveSceneToSlicerDataBundleDirectory(str(path), None, messages)
        )

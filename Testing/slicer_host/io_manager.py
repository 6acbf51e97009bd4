"""Files in and out: what the application's input and output manager does, on real storage nodes."""

from __future__ import annotations

from pathlib import Path

import slicer

KINDS_BY_ENDING = {
    ".mrml": "SceneFile",
    ".mrb": "SceneFile",
    ".mrk.json": "MarkupsFile",
    ".seg.nrrd": "SegmentationFile",
    ".ctbl": "ColorTableFile",
    ".csv": "TableFile",
    ".tsv": "TableFile",
    ".h5": "TransformFile",
    ".tfm": "TransformFile",
    ".txt": "TextFile",
}
NODE_CLASSES = {
    "ColorTableFile": "vtkMRMLColorTableNode",
    "TableFile": "vtkMRMLTableNode",
    "TransformFile": "vtkMRMLLinearTransformNode",
    "TextFile": "vtkMRMLTextNode",
    "SegmentationFile": "vtkMRMLSegmentationNode",
    "ModelFile": "vtkMRMLModelNode",
}
# vtkSlicerVolumesLogic::LoadingOptions
LABEL_MAP, CENTER_IMAGE, SINGLE_FILE, AUTO_WINDOW_LEVEL = 1, 2, 4, 8


class IOManager:
    """What qSlicerCoreIOManager is to scripts."""

    def __init__(self, application):
        self._application = application

    def fileType(self, filename):
        name = str(filename).lower()
        endings = (kind for ending, kind in KINDS_BY_ENDING.items() if name.endswith(ending))
        return next(endings, "VolumeFile")

    def fileWriterFileType(self, node):
        for kind, name in NODE_CLASSES.items():
            if node.IsA(name):
                return kind
        return "VolumeFile" if node.IsA("vtkMRMLVolumeNode") else "MarkupsFile"

    def registeredFileReaderCount(self, kind):
        return int(kind in {*KINDS_BY_ENDING.values(), "VolumeFile"})

    def loadNodes(self, kind, properties, collection, messages):
        path = Path(properties["fileName"])
        if not path.exists():
            return False
        if kind == "SceneFile":
            return self._load_scene(path, bool(properties.get("clear", False)))
        if kind == "VolumeFile":
            node = self._load_volume(path, properties)
        elif kind == "MarkupsFile":
            name = properties.get("name", path.name.removesuffix(".mrk.json"))
            identifiers = slicer.modules.markups.logic().LoadMarkups(str(path), name, messages)
            node = slicer.mrmlScene.GetNodeByID((identifiers or "").split(",")[0])
        else:
            node = self._load_through_storage(NODE_CLASSES[kind], path)
        if node is None:
            return False
        collection.AddItem(node)
        return True

    def _load_volume(self, path, properties):
        options = (
            LABEL_MAP * bool(properties.get("labelmap"))
            | CENTER_IMAGE * bool(properties.get("center"))
            | SINGLE_FILE * bool(properties.get("singleFile"))
            | AUTO_WINDOW_LEVEL * bool(properties.get("autoWindowLevel", True))
        )
        name = properties.get("name") or path.name.split(".")[0]
        node = slicer.modules.volumes.logic().AddArchetypeVolume(str(path), name, options)
        if node is not None and properties.get("show", True):
            logic = self._application.applicationLogic()
            selection = logic.GetSelectionNode()
            if node.IsA("vtkMRMLLabelMapVolumeNode"):
                selection.SetActiveLabelVolumeID(node.GetID())
            else:
                selection.SetActiveVolumeID(node.GetID())
            logic.PropagateVolumeSelection()
        return node

    def _load_through_storage(self, class_name, path):
        node = slicer.mrmlScene.AddNewNodeByClass(class_name, path.name.split(".")[0])
        node.AddDefaultStorageNode(str(path))
        if not node.GetStorageNode().ReadData(node):
            slicer.mrmlScene.RemoveNode(node)
            return None
        return node

    def loadScene(self, filename, clear=True):
        return self._load_scene(Path(filename), clear)

    def _load_scene(self, path, clear):
        scene = slicer.mrmlScene
        if path.suffix == ".mrb":
            if not clear:
                raise ValueError("this host reads a .mrb only into an empty scene: pass clear=True")
            return bool(scene.ReadFromMRB(str(path), True))
        scene.SetURL(str(path))
        scene.SetRootDirectory(str(path.parent))
        return bool(scene.Connect() if clear else scene.Import())

    def saveNodes(self, kind, properties, messages):
        path = Path(properties["fileName"])
        if kind == "SceneFile":
            return self._save_scene(path, messages)
        node = slicer.mrmlScene.GetNodeByID(properties["nodeID"])
        if node.GetStorageNode() is None:
            node.AddDefaultStorageNode(str(path))
        storage = node.GetStorageNode()
        storage.SetFileName(str(path))
        return bool(storage.WriteData(node))

    def _save_scene(self, path, messages):
        scene = slicer.mrmlScene
        if path.suffix == ".mrb":
            return bool(scene.WriteToMRB(str(path), None, messages))
        if path.suffix == ".mrml":
            scene.SetURL(str(path))
            scene.SetRootDirectory(str(path.parent))
            return bool(scene.Commit(str(path)))
        path.mkdir(parents=True, exist_ok=True)
        return bool(
            self._application.applicationLogic().SaveSceneToSlicerDataBundleDirectory(
                str(path), None, messages
            )
        )

    def emitNewFileLoaded(self, _properties):
        """Recent files are not kept on this host."""

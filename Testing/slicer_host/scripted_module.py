"""Stand-in for ``slicer.ScriptedLoadableModule``, with the contract of Slicer 5.12's classes."""

from __future__ import annotations

import sys
import unittest
from pathlib import Path

import qt
import slicer

__all__ = [
    "ScriptedLoadableModule",
    "ScriptedLoadableModuleLogic",
    "ScriptedLoadableModuleTest",
    "ScriptedLoadableModuleWidget",
]


class ScriptedLoadableModule:
    """The description of a module; ``parent`` is its C++ part."""

    def __init__(self, parent):
        super().__init__()
        self.parent = parent
        self.moduleName = type(self).__name__
        slicer.selfTests[self.moduleName] = self.runTest

    def resourcePath(self, filename):
        """Path of a file in the module's ``Resources``."""
        return str(Path(self.parent.path).parent / "Resources" / filename)

    def runTest(self, msec=100, **kwargs):
        """Run the class ``<module>Test`` of the module's file."""
        test = getattr(sys.modules[type(self).__module__], f"{self.moduleName}Test")()
        test.messageDelay = msec
        test.runTest(**kwargs)


class ScriptedLoadableModuleWidget:
    """A module's panel; ``parent`` is the widget that contains it."""

    def __init__(self, parent=None):
        super().__init__()
        self.moduleName = type(self).__name__.removesuffix("Widget")
        self.parent = parent
        if parent is None:
            self.parent = slicer.qMRMLWidget()
            self.parent.setLayout(qt.QVBoxLayout())
            self.parent.setMRMLScene(slicer.mrmlScene)
        self.layout = self.parent.layout()
        if parent is None:
            self.setup()
            self.parent.show()
        slicer.app.moduleManager().connect(
            "moduleAboutToBeUnloaded(QString)", self._onModuleAboutToBeUnloaded
        )

    def resourcePath(self, filename):
        """Path of a file in the module's ``Resources``."""
        return str(Path(slicer.util.modulePath(self.moduleName)).parent / "Resources" / filename)

    def setup(self):
        """Create the panel; the developer's section is left out."""

    def cleanup(self):
        """Called before the module is unloaded."""

    def _onModuleAboutToBeUnloaded(self, moduleName):
        if moduleName == self.moduleName:
            self.cleanup()
            slicer.app.moduleManager().disconnect(
                "moduleAboutToBeUnloaded(QString)", self._onModuleAboutToBeUnloaded
            )


class ScriptedLoadableModuleLogic:
    """A module's logic and its singleton parameter node."""

    def __init__(self, parent=None):
        super().__init__()
        self.moduleName = type(self).__name__.removesuffix("Logic")

    def getParameterNode(self):
        """Return the module's parameter node, created if there is none."""
        node = slicer.mrmlScene.GetSingletonNode(self.moduleName, "vtkMRMLScriptedModuleNode")
        if node is not None:
            # Closing a scene may remove the attribute.
            if node.GetAttribute("ModuleName") != self.moduleName:
                node.SetAttribute("ModuleName", self.moduleName)
            return node
        node = slicer.mrmlScene.CreateNodeByClass("vtkMRMLScriptedModuleNode")
        node.UnRegister(None)
        node.SetSingletonTag(self.moduleName)
        node.SetAttribute("ModuleName", self.moduleName)
        node.SetName(slicer.mrmlScene.GenerateUniqueName(self.moduleName))
        return slicer.mrmlScene.AddNode(node)


class ScriptedLoadableModuleTest(unittest.TestCase):
    """A module's own tests."""

    def delayDisplay(self, message, msec=100):
        """Log the message and process events."""
        slicer.util.delayDisplay(message, getattr(self, "messageDelay", msec))

    def runTest(self):
        """Run every method with "test" in its name."""
        for name in dir(self):
            if "test" in name and callable(getattr(self, name)):
                self.setUp()
                getattr(self, name)()
                self.tearDown()

"""Stand-in for the PyTorch extension's ``PyTorchUtils``: finds torch or installs it, if told."""

from __future__ import annotations

import importlib
import importlib.metadata
import types

import slicer


class PyTorchUtilsLogic:
    """What the extension's logic is to other modules."""

    def __init__(self):
        self._torch = None

    @staticmethod
    def torchInstalled():
        try:
            importlib.metadata.version("torch")
            importlib.import_module("torch")
        except (importlib.metadata.PackageNotFoundError, ModuleNotFoundError):
            return False
        return True

    @property
    def torch(self):
        """torch; installed without a question if it is missing."""
        if self._torch is None:
            self._torch = self.importTorch()
        return self._torch

    def importTorch(self):
        if self.torchInstalled():
            return importlib.import_module("torch")
        return self.installTorch()

    def installTorch(
        self,
        askConfirmation=False,
        forceComputationBackend=None,
        torchVersionRequirement=None,
        torchvisionVersionRequirement=None,
    ):
        """Install torch; returns it, or None where the user declines."""
        requirement = f"torch{torchVersionRequirement or ''}"
        if askConfirmation and not slicer.app.commandOptions().testingEnabled:
            question = f"PyTorch will be downloaded and installed ({requirement})."
            if not slicer.util.confirmOkCancelDisplay(question):
                return None
        slicer.util.executePythonModule("light_the_torch", ["install", requirement])
        return importlib.import_module("torch")

    def getDevice(self):
        return "cuda" if self.torch.cuda.is_available() else "cpu"

    @property
    def cuda(self):
        return self.getDevice() != "cpu"


def make_module() -> types.ModuleType:
    """The module ``PyTorchUtils``."""
    module = types.ModuleType("PyTorchUtils", "The PyTorch extension, stood in for.")
    module.PyTorchUtilsLogic = PyTorchUtilsLogic
    return module

"""The module ``PyTorchUtils`` of the PyTorch extension."""

from __future__ import annotations

import importlib

import slicer


class PyTorchUtilsLogic:
    """The extension's logic, as far as it installs torch."""

    def installTorch(self, askConfirmation=False, torchVersionRequirement=None):
        """Install torch and return the module, or None where the user declines."""
        requirement = f"torch{torchVersionRequirement or ''}"
        if askConfirmation and not slicer.app.testingEnabled():
            question = f"PyTorch will be downloaded and installed ({requirement})."
            if not slicer.util.confirmOkCancelDisplay(question):
                return None
        slicer.util.executePythonModule("light_the_torch", ["install", requirement])
        return importlib.import_module("torch")

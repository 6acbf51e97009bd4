"""Installation of the engine's packages into Slicer's Python: asked for once in a session.

PyTorch is installed by the PyTorch extension, the other packages by ``slicer.packaging``.
"""

from __future__ import annotations

import inspect
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import slicer
from slicer.i18n import tr as _

from mammopair.errors import InputError

if TYPE_CHECKING:
    from types import ModuleType

REQUIREMENTS = Path(__file__).resolve().parent.parent / "Resources" / "requirements.txt"
TORCH = ">=2.6"
"""Version of PyTorch, the same as in pyproject.toml."""


class Installer(Protocol):
    """Makes sure that the engine can run."""

    def ensureInstalled(self) -> bool:
        """Install what is missing, after asking the user.

        Returns
        -------
        bool
            Whether something was installed.

        Raises
        ------
        InputError
            If a package is still missing; one sentence with the remedy.
        """

    def describeMissing(self) -> str:
        """Return which packages are missing, as a sentence; empty if none is."""


class PackageInstaller:
    """Installs the packages at the first request of a session; the user is asked only once."""

    def __init__(self) -> None:
        self._problem = ""
        """Why nothing was installed in this session."""

    def ensureInstalled(self) -> bool:
        """Install what is missing; see :class:`Installer`."""
        missing = missingPackages()
        if not missing:
            return False
        if not self._problem:
            try:
                _askAndInstall(missing)
            except InputError as error:
                self._problem = error.problem
                raise
            missing = missingPackages()
            if not missing:
                return True
            self._problem = _("still missing after the installation; restart Slicer")
        raise InputError(", ".join(missing), self._problem)

    def describeMissing(self) -> str:
        """Return which packages are missing; see :class:`Installer`."""
        missing = ", ".join(missingPackages())
        if not missing:
            return ""
        if self._problem:
            return str(InputError(missing, self._problem))
        sentence = _("Not installed yet: {packages}. Classify asks before installing them.")
        return sentence.format(packages=missing)


sharedInstaller = PackageInstaller()
"""The installer of this session."""


def missingPackages() -> list[str]:
    """Return the requirements that are not installed, PyTorch first, without importing any."""
    import slicer.packaging

    wanted = slicer.packaging.load_requirements(REQUIREMENTS)
    others = [str(one) for one in wanted if not slicer.packaging.pip_check(one)]
    return others if find_spec("torch") else ["torch" + TORCH, *others]


def _askAndInstall(missing: list[str]) -> None:
    """Ask one question for all packages, then install them with Slicer's progress display."""
    subject = ", ".join(missing)
    extension = _torchExtension() if missing[0].startswith("torch") else None
    if slicer.app.testingEnabled():
        raise InputError(subject, _("not installed because Slicer is in testing mode"))
    question = _(
        "MammoClassifier needs these Python packages: {packages}.\n\n"
        "They will be downloaded (several hundred megabytes, more with a GPU) and installed into "
        "Slicer's Python. Install them now?"
    ).format(packages=subject)
    if not slicer.util.confirmOkCancelDisplay(question, _("MammoClassifier")):
        raise InputError(subject, _cancelled())
    try:
        if extension is not None:
            _installTorch(extension)
        _installOthers()
    except InputError:
        raise
    except Exception as error:
        problem = _(
            "could not be downloaded; check the internet connection (behind a proxy, set "
            "HTTPS_PROXY before starting Slicer) or install them offline as the documentation "
            "describes, then restart Slicer"
        )
        raise InputError(subject, problem) from error


def _torchExtension() -> ModuleType:
    try:
        import PyTorchUtils
    except ModuleNotFoundError as error:
        problem = _("the PyTorch extension is not installed; install it in the Extensions Manager")
        raise InputError("PyTorch", problem) from error
    return PyTorchUtils


def _installTorch(extension: ModuleType) -> None:
    """Install PyTorch with the keywords that this version of the extension accepts."""
    logic = extension.PyTorchUtilsLogic()
    keywords = {"askConfirmation": False, "torchVersionRequirement": TORCH}
    accepted = inspect.signature(logic.installTorch).parameters
    given = {name: value for name, value in keywords.items() if name in accepted}
    if logic.installTorch(**given) is None:
        raise InputError("PyTorch", _cancelled())


def _installOthers() -> None:
    """Install the packages of requirements.txt; Slicer proposes a restart if it needs one."""
    import slicer.packaging

    requirements = slicer.packaging.load_requirements(REQUIREMENTS)
    try:
        slicer.packaging.pip_ensure(requirements, prompt_install=False, requester="MammoClassifier")
    except RuntimeError as error:
        raise InputError(", ".join(map(str, requirements)), _cancelled()) from error


def _cancelled() -> str:
    return _(
        "not installed because the installation was cancelled; restart Slicer to be asked again"
    )

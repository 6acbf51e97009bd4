"""What the module needs in Slicer's Python: asked for once, installed with progress, or explained.

PyTorch comes from the PyTorch extension, the rest through ``slicer.packaging``. A user who says
no, or a network that is not there, is not asked again in this session.
"""

from __future__ import annotations

import inspect
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import slicer
from slicer.i18n import tr as _

from mammopair.errors import InputError

if TYPE_CHECKING:
    from types import ModuleType

REQUIREMENTS = Path(__file__).resolve().parent.parent / "Resources" / "requirements.txt"
TORCH = ">=2.6"
"""Version of PyTorch; the same as in pyproject.toml."""

_refusal: list[str] = []
"""Why nothing was installed in this session, once that is so."""


def ensureInstalled() -> None:
    """Make sure that the engine can run; the first time that something is missing, ask.

    Raises
    ------
    InputError
        One sentence with the mend, if something is still missing.
    """
    missing = missingPackages()
    if not missing:
        return
    if not _refusal:
        try:
            _askAndInstall(missing)
        except InputError as refusal:
            _refusal.append(refusal.problem)
            raise
    if missingPackages():
        raise InputError(_subject(missingPackages()), _refusal[0] if _refusal else _partial())


def missingPackages() -> list[str]:
    """What is not installed: ``torch`` first, then the rest; nothing is imported."""
    import slicer.packaging

    wanted = slicer.packaging.load_requirements(REQUIREMENTS)
    rest = [str(one) for one in wanted if not slicer.packaging.pip_check(one)]
    return rest if find_spec("torch") else ["torch" + TORCH, *rest]


def _askAndInstall(missing: list[str]) -> None:
    """One question for everything, then both installers, which show their progress."""
    extension = _torchExtension() if missing[0].startswith("torch") else None
    if slicer.app.testingEnabled():
        raise InputError(_subject(missing), _("nothing is installed while Slicer is being tested"))
    question = _(
        "MammoClassifier needs {packages}.\n\n"
        "They will be downloaded, a few hundred megabytes and more with a GPU, and installed into "
        "Slicer's Python. Install them now?"
    ).format(packages=", ".join(missing))
    if not slicer.util.confirmOkCancelDisplay(question, _("MammoClassifier")):
        raise InputError(_subject(missing), _declined())
    try:
        if extension is not None:
            _installTorch(extension)
        _installRest()
    except InputError:
        raise
    except Exception as error:
        raise InputError(_subject(missing), _offline()) from error


def _torchExtension() -> ModuleType:
    try:
        import PyTorchUtils
    except ModuleNotFoundError as error:
        problem = _("the PyTorch extension is not installed; add it in the Extensions Manager")
        raise InputError("PyTorch", problem) from error
    return PyTorchUtils


def _installTorch(extension: ModuleType) -> None:
    """Have the extension install PyTorch; its keywords have changed between versions."""
    logic = extension.PyTorchUtilsLogic()
    wishes = {"askConfirmation": False, "torchVersionRequirement": TORCH}
    known = inspect.signature(logic.installTorch).parameters
    if logic.installTorch(**{name: wishes[name] for name in wishes if name in known}) is None:
        raise InputError("PyTorch", _declined())


def _installRest() -> None:
    """Install what is in requirements.txt; a restart is proposed where Slicer needs one."""
    import slicer.packaging

    requirements = slicer.packaging.load_requirements(REQUIREMENTS)
    try:
        slicer.packaging.pip_ensure(requirements, prompt_install=False, requester="MammoClassifier")
    except RuntimeError as error:
        raise InputError(_subject([str(one) for one in requirements]), _declined()) from error


def _subject(missing: list[str]) -> str:
    return ", ".join(missing)


def _declined() -> str:
    return _("not installed, as you wished; start Slicer again to be asked again")


def _offline() -> str:
    return _(
        "could not be downloaded: connect to the internet, behind a proxy set HTTPS_PROXY before "
        "starting Slicer, or install them offline as the README says, and start Slicer again"
    )


def _partial() -> str:
    return _("still missing after the installation; start Slicer again")

"""mammopair: calibrated probability of malignancy of a mass marked on mammogram views.

Research use only, not a medical device.

The names in ``__all__`` are the public API; everything else may change without notice. They are
loaded on first use, so that ``import mammopair`` imports no other package: numpy, msgspec and
torch are imported by the functions that need them. The package does not depend on 3D Slicer.

Examples
--------
>>> from pathlib import Path
>>> import mammopair
>>> view = mammopair.read_view(Path("exam/rcc.dcm"))  # doctest: +SKIP
>>> marked = mammopair.MarkedView(view, mammopair.Box(2104, 1216, 247, 255))  # doctest: +SKIP
>>> lesion = mammopair.Lesion("case-1", "1", (marked,))  # doctest: +SKIP
>>> record = mammopair.classify(lesion, mammopair.load_ensemble())  # doctest: +SKIP
>>> record.probability  # doctest: +SKIP
0.31
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mammopair.classification import classify, classify_many, classify_stepwise
    from mammopair.errors import InputError
    from mammopair.io.reader import read_view
    from mammopair.lesion import Lesion, MarkedView
    from mammopair.model.ensemble import Ensemble, load_ensemble
    from mammopair.progress import Progress
    from mammopair.record import Record, read_records, record_schema, write_records
    from mammopair.view import Box, View

__version__ = "0.1.0"

RESEARCH_USE_ONLY = "Research use only. Not a medical device."

__all__ = [
    "RESEARCH_USE_ONLY",
    "Box",
    "Ensemble",
    "InputError",
    "Lesion",
    "MarkedView",
    "Progress",
    "Record",
    "View",
    "__version__",
    "classify",
    "classify_many",
    "classify_stepwise",
    "load_ensemble",
    "read_records",
    "read_view",
    "record_schema",
    "write_records",
]

_MODULE_OF = {
    "Box": "view",
    "Ensemble": "model.ensemble",
    "InputError": "errors",
    "Lesion": "lesion",
    "MarkedView": "lesion",
    "Progress": "progress",
    "Record": "record",
    "View": "view",
    "classify": "classification",
    "classify_many": "classification",
    "classify_stepwise": "classification",
    "load_ensemble": "model.ensemble",
    "read_records": "record",
    "read_view": "io.reader",
    "record_schema": "record",
    "write_records": "record",
}

# Hidden from type checkers, which would otherwise accept every attribute of the module.
if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        """Import a public name on first use (PEP 562)."""
        if name not in _MODULE_OF:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
        globals()[name] = value
        return value

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})

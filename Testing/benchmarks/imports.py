"""How long `import mammopair` takes against `import torch`, each in a fresh interpreter.

Run from the root of the repository::

    python -m Testing.benchmarks.imports
"""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from statistics import median

ROUNDS = 5
TARGET = 0.15
"""Share of torch's time that `import mammopair` may take."""


def import_seconds(module: str) -> float:
    """Seconds that the import statement itself takes, without the interpreter's own start."""
    code = f"import time; t = time.perf_counter(); import {module}; print(time.perf_counter() - t)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return float(ran.stdout)


def main() -> None:
    """Print the table."""
    modules = ["mammopair", "mammopair.cli", "mammopair.classification", "torch"]
    modules = [module for module in modules if find_spec(module)]
    seconds: dict[str, list[float]] = {module: [] for module in modules}
    for _ in range(ROUNDS):  # in turn: what else the machine does falls on all alike
        for module in modules:
            seconds[module].append(import_seconds(module))
    print(f"{'import':20}    min ms  median ms  share of torch (min)")
    for module, times in seconds.items():
        share = min(times) / min(seconds["torch"])
        print(f"{module:20}  {min(times) * 1e3:8.1f}  {median(times) * 1e3:9.1f}  {share:20.3f}")
    share = min(seconds["mammopair"]) / min(seconds["torch"])
    print(
        f"import mammopair: {share:.3f} of import torch, target under {TARGET}: "
        f"{'met' if share < TARGET else 'MISSED'}"
    )


if __name__ == "__main__":
    main()

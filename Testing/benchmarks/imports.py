"""Time of `import mammopair` relative to `import torch`, each in a new interpreter.

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
"""Maximum time of `import mammopair`, relative to `import torch`."""


def import_seconds(module: str) -> float:
    """Return the seconds of the import statement, without the start of the interpreter."""
    code = f"import time; t = time.perf_counter(); import {module}; print(time.perf_counter() - t)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return float(ran.stdout)


def main() -> None:
    """Print the table."""
    modules = ["mammopair", "mammopair.cli", "mammopair.classification", "torch"]
    modules = [module for module in modules if find_spec(module)]
    seconds: dict[str, list[float]] = {module: [] for module in modules}
    for _ in range(ROUNDS):  # in turn, so that other load on the machine affects all of them
        for module in modules:
            seconds[module].append(import_seconds(module))
    print(f"{'import':20}    min ms  median ms  relative to torch (min)")
    for module, times in seconds.items():
        ratio = min(times) / min(seconds["torch"])
        print(f"{module:20}  {min(times) * 1e3:8.1f}  {median(times) * 1e3:9.1f}  {ratio:20.3f}")
    ratio = min(seconds["mammopair"]) / min(seconds["torch"])
    print(
        f"import mammopair: {ratio:.3f} of import torch, target under {TARGET}: "
        f"{'met' if ratio < TARGET else 'MISSED'}"
    )


if __name__ == "__main__":
    main()

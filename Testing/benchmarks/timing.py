"""Comparison of run times on a busy machine: measured in turn, in one process, as ratios."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from statistics import median


def time_in_turn(
    functions: Mapping[str, Callable[[], object]], rounds: int
) -> dict[str, list[float]]:
    """Measure the seconds of every function in every round, after one round without measurement.

    All functions run once in each round, starting with a different one, so that other load on the
    machine affects all of them.
    """
    names = list(functions)
    for name in names:
        functions[name]()
    seconds: dict[str, list[float]] = {name: [] for name in names}
    for number in range(rounds):
        turn = number % len(names)
        for name in names[turn:] + names[:turn]:
            start = time.perf_counter()
            functions[name]()
            seconds[name].append(time.perf_counter() - start)
    return seconds


def speed_ratio(seconds: Mapping[str, list[float]], ours: str, theirs: str) -> float:
    """Return how many times faster ``ours`` is, by the fastest run of each."""
    return min(seconds[theirs]) / min(seconds[ours])


def print_times(seconds: Mapping[str, list[float]], ours: str) -> None:
    """Print, for each function, fastest and median run, and the relative speed of ``ours``."""
    width = max(map(len, seconds))
    print(f"{'':{width}}    min ms  median ms  ours is faster by (min)  (median)")
    for name, times in seconds.items():
        by_min = min(times) / min(seconds[ours])
        by_median = median(times) / median(seconds[ours])
        print(
            f"{name:{width}}  {min(times) * 1e3:8.1f}  {median(times) * 1e3:9.1f}"
            f"  {by_min:23.2f}  {by_median:8.2f}"
        )


def print_verdict(what: str, ratio: float, target: float) -> None:
    """Print a ratio and whether it reaches its target."""
    print(
        f"{what}: {ratio:.2f}, target at least {target:g}: {'met' if ratio >= target else 'MISSED'}"
    )

"""Times that can be compared on a busy machine: taken in turn in one process, told as ratios."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from statistics import median


def time_in_turn(ways: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """Seconds of every way in every round, after one round that does not count.

    All ways run once a round, each round beginning with another, so that whatever else the
    machine does falls on all of them alike.
    """
    names = list(ways)
    for name in names:
        ways[name]()
    seconds: dict[str, list[float]] = {name: [] for name in names}
    for number in range(rounds):
        turn = number % len(names)
        for name in names[turn:] + names[:turn]:
            started = time.perf_counter()
            ways[name]()
            seconds[name].append(time.perf_counter() - started)
    return seconds


def speed_ratio(seconds: Mapping[str, list[float]], ours: str, theirs: str) -> float:
    """How many times faster ``ours`` is, by the fastest run of each: the least disturbed one."""
    return min(seconds[theirs]) / min(seconds[ours])


def print_times(seconds: Mapping[str, list[float]], ours: str) -> None:
    """One line a way: fastest and median run, and by both how much faster ``ours`` is."""
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
    """The ratio beside its target; a target that is missed is said, not raised."""
    print(
        f"{what}: {ratio:.2f}, target at least {target:g}: {'met' if ratio >= target else 'MISSED'}"
    )

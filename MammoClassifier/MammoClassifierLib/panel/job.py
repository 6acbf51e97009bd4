"""A generator that is run step by step from a timer, so that the window stays responsive."""

from __future__ import annotations

from typing import TYPE_CHECKING

import qt

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from mammopair.progress import Progress


class Job:
    """Runs one step of a generator in each turn of Qt's event loop.

    Parameters
    ----------
    steps
        Yields progress and returns the outcome.
    onProgress
        Called with the progress of each step.
    onDone
        Called once with the outcome.
    onFailed
        Called once with the exception, instead of ``onDone``.
    """

    def __init__(
        self,
        steps: Generator[Progress, None, object],
        onProgress: Callable[[Progress], None],
        onDone: Callable[[object], None],
        onFailed: Callable[[Exception], None],
    ) -> None:
        self._steps = steps
        self._onProgress, self._onDone, self._onFailed = onProgress, onDone, onFailed
        self._timer = qt.QTimer()
        self._timer.setInterval(0)
        self._timer.timeout.connect(self._step)

    def start(self) -> None:
        """Run the first step in the next turn of the event loop."""
        self._timer.start()

    def cancel(self) -> None:
        """Close the generator; no function is called any more."""
        self._timer.stop()
        self._steps.close()

    def _step(self) -> None:
        try:
            progress = next(self._steps)
        except StopIteration as finished:
            self._timer.stop()
            self._onDone(finished.value)
        except Exception as error:
            self._timer.stop()
            self._onFailed(error)
        else:
            self._onProgress(progress)

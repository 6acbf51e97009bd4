"""Long work as a generator that a timer drives: the window stays alive, and Cancel is immediate."""

from __future__ import annotations

from typing import TYPE_CHECKING

import qt

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from mammopair.progress import Progress


class Job:
    """Runs a generator one step at each turn of Qt's event loop.

    Parameters
    ----------
    steps
        Yields progress; its value is the outcome.
    onProgress, onDone, onFailed
        Called with the progress, with the outcome, or with what was raised. Of the last two one
        is called, once, unless the job is cancelled.
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
        """Begin with the next turn of the event loop."""
        self._timer.start()

    def cancel(self) -> None:
        """Stop now; nothing is called any more."""
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

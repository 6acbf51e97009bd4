"""The progress bar and the Cancel button of the one job that the panel can run at a time."""

from __future__ import annotations

import logging
from types import SimpleNamespace
from typing import TYPE_CHECKING

from slicer.i18n import tr as _

from MammoClassifierLib.panel.job import Job
from mammopair.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from MammoClassifierLib.panel.message_area import MessageArea
    from mammopair.progress import Progress


class JobArea:
    """Runs one job at a time, shows its progress and can cancel it.

    Parameters
    ----------
    ui
        The module's widgets by name.
    messages
        Where errors are displayed.
    onRunningChanged
        Called when a job has started or ended.
    """

    def __init__(
        self, ui: SimpleNamespace, messages: MessageArea, onRunningChanged: Callable[[], None]
    ) -> None:
        self._ui, self._messages, self._onRunningChanged = ui, messages, onRunningChanged
        self._job: Job | None = None
        self._onStopped: Callable[[], None] | None = None
        self._show()

    @property
    def isRunning(self) -> bool:
        """Whether a job is running."""
        return self._job is not None

    def start(
        self,
        steps: Generator[Progress, None, object],
        onDone: Callable[[object], None],
        onStopped: Callable[[], None] | None = None,
    ) -> None:
        """Start a job.

        Parameters
        ----------
        steps
            Yields progress in per cent and returns the outcome.
        onDone
            Called once with the outcome.
        onStopped
            Called once, instead of ``onDone``, if the job fails or is cancelled.
        """

        def done(outcome: object) -> None:
            self._finish()
            onDone(outcome)

        self._job = Job(steps, self._onProgress, done, self._onFailed)
        self._onStopped = onStopped
        self._show()
        self._onRunningChanged()
        self._job.start()

    def cancel(self) -> bool:
        """Cancel the running job; return whether there was one."""
        if self._job is None:
            return False
        self._job.cancel()
        self._stop()
        return True

    def _onProgress(self, progress: Progress) -> None:
        self._ui.progressBar.setValue(progress.done)
        self._ui.progressBar.setFormat(f"{progress.message} (%p%)")

    def _onFailed(self, error: Exception) -> None:
        self._stop()
        if isinstance(error, InputError):
            self._messages.fail(str(error))
            return
        logging.error("MammoClassifier failed", exc_info=error)
        sentence = _("Unexpected error ({error}); see the Python console for details.")
        self._messages.fail(sentence.format(error=type(error).__name__))

    def _stop(self) -> None:
        onStopped = self._onStopped
        self._finish()
        if onStopped is not None:
            onStopped()

    def _finish(self) -> None:
        self._job = self._onStopped = None
        self._show()
        self._onRunningChanged()

    def _show(self) -> None:
        self._ui.cancelButton.setEnabled(self.isRunning)
        self._ui.progressBar.setVisible(self.isRunning)
        self._ui.progressBar.setValue(0)

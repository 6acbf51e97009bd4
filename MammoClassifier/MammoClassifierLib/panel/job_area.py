"""The panel's one job at a time: its progress bar, its Cancel, and what is said where it fails."""

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
    """Runs one job at a time, shows how far it has come, and can stop it.

    Parameters
    ----------
    ui
        The module's widgets by name.
    messages
        Where a failure is said.
    onChanged
        Called when a job has begun or ended, however it ended.
    """

    def __init__(
        self, ui: SimpleNamespace, messages: MessageArea, onChanged: Callable[[], None]
    ) -> None:
        self._ui, self._messages, self._onChanged = ui, messages, onChanged
        self._job: Job | None = None
        self._onStopped: Callable[[], None] | None = None
        self._show()

    @property
    def running(self) -> bool:
        """Whether there is a job now."""
        return self._job is not None

    def start(
        self,
        steps: Generator[Progress, None, object],
        onDone: Callable[[object], None],
        onStopped: Callable[[], None] | None = None,
    ) -> None:
        """Begin a job whose progress is in per cent.

        Of ``onDone``, with the outcome, and ``onStopped``, where it failed or was stopped, one is
        called once.
        """

        def done(outcome: object) -> None:
            self._finish()
            onDone(outcome)

        self._job = Job(steps, lambda progress: self.onProgress(progress), done, self.onFailed)
        self._onStopped = onStopped
        self._show()
        self._onChanged()
        self._job.start()

    def stop(self) -> bool:
        """Cancel what runs; whether something did."""
        if self._job is None:
            return False
        self._job.cancel()
        self._stopped()
        return True

    def onProgress(self, progress: Progress) -> None:
        """Show how far the work has come."""
        self._ui.progressBar.setValue(progress.done)
        self._ui.progressBar.setFormat(f"{progress.message} (%p%)")

    def onFailed(self, error: Exception) -> None:
        """Say in a sentence what was wrong."""
        self._stopped()
        if isinstance(error, InputError):
            self._messages.fail(str(error))
            return
        logging.error("MammoClassifier failed", exc_info=error)
        sentence = _("Something went wrong ({error}); the Python console has the details.")
        self._messages.fail(sentence.format(error=type(error).__name__))

    def _stopped(self) -> None:
        onStopped = self._onStopped
        self._finish()
        if onStopped is not None:
            onStopped()

    def _finish(self) -> None:
        self._job = self._onStopped = None
        self._show()
        self._onChanged()

    def _show(self) -> None:
        self._ui.cancelButton.setEnabled(self.running)
        self._ui.progressBar.setVisible(self.running)
        self._ui.progressBar.setValue(0)

"""One call for any number of requests in one turn of Qt's event loop."""

from __future__ import annotations

from typing import TYPE_CHECKING

import qt

if TYPE_CHECKING:
    from collections.abc import Callable


class CoalescedCall:
    """Calls a function once in the next turn of the event loop after it was requested.

    Parameters
    ----------
    function
        Called without arguments.
    """

    def __init__(self, function: Callable[[], None]) -> None:
        self._function = function
        self._timer = qt.QTimer()
        self._timer.setSingleShot(True)
        self._timer.setInterval(0)
        self._timer.timeout.connect(self._function)

    def request(self, *_args: object) -> None:
        """Call the function in the next turn; arguments of events are ignored."""
        if not self._timer.isActive():
            self._timer.start()

    def cancel(self) -> None:
        """Withdraw all requests."""
        self._timer.stop()

    def flush(self) -> None:
        """Call the function now if it was requested."""
        if self._timer.isActive():
            self._timer.stop()
            self._function()

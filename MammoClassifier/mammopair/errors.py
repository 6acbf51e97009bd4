"""The exception for invalid input, reported to the user without a traceback."""

from __future__ import annotations

from pathlib import Path


class InputError(Exception):
    """An input file, field or option is invalid.

    The text is one sentence, ``subject: problem``. The command line prints it without a
    traceback; the Slicer module shows it in its message area.

    Parameters
    ----------
    subject
        The file, field or option.
    problem
        The value found and the remedy.
    """

    def __init__(self, subject: str | Path, problem: str) -> None:
        self.subject = str(subject)
        self.problem = problem
        super().__init__(f"{self.subject}: {problem}")

    def __reduce__(self) -> tuple[type[InputError], tuple[str, str]]:
        """Return the arguments from which another process rebuilds the exception."""
        return type(self), (self.subject, self.problem)

"""The one family of errors that is meant for the person who caused it."""

from __future__ import annotations

from pathlib import Path


class InputError(Exception):
    """Something that was handed in cannot be used.

    Its text is one sentence that names the file or field, what was found and what would do; the
    command line prints it without a traceback, Slicer shows it in the module's message area.

    Parameters
    ----------
    subject
        The file, or the field of a file, that the sentence is about.
    problem
        What was found there, and what would do instead.
    """

    def __init__(self, subject: str | Path, problem: str) -> None:
        self.subject = str(subject)
        self.problem = problem
        super().__init__(f"{self.subject}: {problem}")

    def __reduce__(self) -> tuple[type[InputError], tuple[str, str]]:
        """What it is made anew from where it crosses to another process."""
        return type(self), (self.subject, self.problem)

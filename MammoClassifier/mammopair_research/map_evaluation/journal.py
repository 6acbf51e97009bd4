"""Journal of a study: one line per crop and method, so that the study can be continued."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec

from mammopair.errors import InputError

FILE = "measured.jsonl"


class Heading(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """First line: lines of studies with different headings must not be mixed."""

    schema: Literal[2] = 2
    weights: list[str]
    """SHA-256 of the members."""
    calibration: tuple[float, float]
    """Slope and intercept."""
    seed: int
    """Random seed of the sample."""


class Line(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One method on one crop."""

    file: str
    """The crop's image in ``crops.csv``."""
    patient_id: str
    lesion: str
    """Name of the lesion; see :func:`mammopair.lesion_groups.lesion_name`."""
    view: str
    label: int
    """1 for malignant, 0 for benign."""
    method: str
    logit: float
    """Mean calibrated logit of the members that were not trained on the patient."""
    figures: dict[str, float | None]
    """By the names of the measures; None if undefined, such as the agreement of one member."""
    robustness: bool
    """Whether the measures that need many maps are included."""
    profile: list[list[float]]
    """``3 x 2``: fractions of the evidence inside, in the margin, outside; for and against."""


class Journal:
    """The journal in a folder, opened for appending.

    Parameters
    ----------
    folder
        The folder of the study.
    heading
        The heading of the study.

    Raises
    ------
    InputError
        If the file has another heading, is damaged, or cannot be read or written.
    """

    def __init__(self, folder: Path, heading: Heading) -> None:
        self.path = folder / FILE
        self.lines: dict[tuple[str, str], Line] = {}
        """By crop and method."""
        try:
            complete = self._complete_lines()
            if complete:
                self._read(complete, heading)
            else:
                self._append(heading)
        except OSError as error:
            raise InputError(self.path, f"cannot be opened: {error.strerror}") from error

    def add(self, line: Line) -> None:
        """Append a line."""
        self.lines[line.file, line.method] = line
        try:
            self._append(line)
        except OSError as error:
            raise InputError(self.path, f"cannot be written: {error.strerror}") from error

    def _complete_lines(self) -> list[bytes]:
        """Return all lines; an incomplete last line of an interrupted run is cut off."""
        if not self.path.exists():
            return []
        content = self.path.read_bytes()
        complete = content[: content.rfind(b"\n") + 1]
        if len(complete) < len(content):
            self.path.write_bytes(complete)
        return complete.splitlines()

    def _read(self, lines: list[bytes], heading: Heading) -> None:
        try:
            found = msgspec.json.decode(lines[0], type=Heading)
            known = [msgspec.json.decode(line, type=Line) for line in lines[1:]]
        except msgspec.MsgspecError as error:
            raise InputError(
                self.path, f"is damaged or of another version ({error}); delete it to start again"
            ) from error
        if found != heading:
            raise InputError(
                self.path,
                "was measured with another ensemble or sample; choose another --out or delete it",
            )
        self.lines = {(line.file, line.method): line for line in known}

    def _append(self, entry: Heading | Line) -> None:
        with self.path.open("ab") as stream:
            stream.write(msgspec.json.encode(entry) + b"\n")

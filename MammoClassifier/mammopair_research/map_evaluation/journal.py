"""What was measured so far, one line a crop and method: work that was stopped goes on from it."""

from __future__ import annotations

from pathlib import Path

import msgspec

from mammopair.errors import InputError

FILE = "measured.jsonl"


class Heading(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The first line: figures under different headings must not be mixed."""

    schema: int = 1
    weights: list[str]
    """SHA-256 of the members."""
    calibration: tuple[float, float]
    """Slope and intercept."""
    seed: int
    """Of the sample."""


class Line(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One method on one crop."""

    file: str
    """The crop, as ``crops.csv`` names it."""
    patient_id: str
    lesion: str
    view: str
    label: int
    method: str
    logit: float
    """Calibrated, of the members that never saw the patient."""
    figures: dict[str, float | None]
    """By the names of the measures; None where one is not defined, as with a single member."""
    repeated: bool
    """Whether the figures that take many maps are among them."""
    profile: list[list[float]]
    """``3 x 2``: parts of the evidence inside, in the margin, outside; for and against."""


class Journal:
    """The file of a folder, opened to be added to.

    Raises
    ------
    InputError
        If the file was begun under another heading, or cannot be read or written.
    """

    def __init__(self, folder: Path, heading: Heading) -> None:
        self.path = folder / FILE
        self.lines: dict[tuple[str, str], Line] = {}
        """By crop and method."""
        try:
            whole = self._whole_lines()
            if whole:
                self._read(whole, heading)
            else:
                self._append(heading)
        except OSError as error:
            raise InputError(self.path, f"cannot be used: {error.strerror}") from error

    def add(self, line: Line) -> None:
        """Keep a line; it is on the disk when this returns."""
        self.lines[line.file, line.method] = line
        try:
            self._append(line)
        except OSError as error:
            raise InputError(self.path, f"cannot be written: {error.strerror}") from error

    def _whole_lines(self) -> list[bytes]:
        """All but a last line that a stopped run left unfinished, which is cut off."""
        if not self.path.exists():
            return []
        content = self.path.read_bytes()
        whole = content[: content.rfind(b"\n") + 1]
        if len(whole) < len(content):
            self.path.write_bytes(whole)
        return whole.splitlines()

    def _read(self, lines: list[bytes], heading: Heading) -> None:
        try:
            found = msgspec.json.decode(lines[0], type=Heading)
            known = [msgspec.json.decode(line, type=Line) for line in lines[1:]]
        except msgspec.MsgspecError as error:
            raise InputError(self.path, f"is damaged ({error}); delete it") from error
        if found != heading:
            raise InputError(
                self.path,
                "was measured on another ensemble or sample; choose another --out, or delete it",
            )
        self.lines = {(line.file, line.method): line for line in known}

    def _append(self, entry: Heading | Line) -> None:
        with self.path.open("ab") as stream:
            stream.write(msgspec.json.encode(entry) + b"\n")

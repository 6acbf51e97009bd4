"""Laterality, projection and modifiers in text: codes of View Position, descriptions, file names.

Two kinds of text are parsed. :func:`parse_code` reads an attribute that contains nothing but a
view, as ``RMLOID``, in which a single letter counts. :func:`parse_name` reads a description or a
name, as ``P_00173_LEFT_CC`` or ``Mammography, Right CC - Screening``, in which letters count only
next to a projection. Abbreviations are those of the ACR (DICOM PS3.16 CID 4014 and 4015).
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from mammopair.view import Laterality, Projection

_LEFT_WORDS = "LEFT GAUCHE LINKS IZQUIERDA IZQUIERDO SINISTRA SINISTRO ESQUERDA ESQUERDO"
_RIGHT_WORDS = "RIGHT DROIT DROITE RECHTS DERECHA DERECHO DESTRA DESTRO DIREITA DIREITO"
_WORDS = {
    **dict.fromkeys(_LEFT_WORDS.split(), Laterality.LEFT),
    **dict.fromkeys(_RIGHT_WORDS.split(), Laterality.RIGHT),
    "LBREAST": Laterality.LEFT,
    "RBREAST": Laterality.RIGHT,
}
_ABBREVIATIONS = {
    "L": Laterality.LEFT,
    "LT": Laterality.LEFT,
    "R": Laterality.RIGHT,
    "RT": Laterality.RIGHT,
}
_SIDES = {**_WORDS, **_ABBREVIATIONS}

_PROJECTIONS = {
    "CC": Projection.CC,
    "MLO": Projection.MLO,
    "OML": Projection.MLO,
    **dict.fromkeys(
        [
            "ML",
            "LM",
            "LMO",
            "XCC",
            "XCCL",
            "XCCM",
            "FB",
            "SIO",
            "ISO",
            "CV",
            "AT",
            "LAT",
            "LATERAL",
            "AP",
            "PA",
        ],
        Projection.OTHER,
    ),
}
_RADIOGRAPHY = ("AP", "PA")
"""Projections that occur in names with another meaning."""
"""OML is MLO in French and Spanish. OTHER are projections of the breast, and of radiography, that
are neither CC nor MLO."""
_PHRASES = (
    (r"EXAGGERATED CRANI?E?O ?CAUDAL\w*|CRANI?E?O ?CAUDAL\w* EXAGGERATED", "XCC"),
    (r"CAUDO ?CRANI\w+|FROM BELOW", "FB"),
    (r"[CK]RAN[IE]O ?[CK]AUDAL\w*", "CC"),
    (r"LATERO ?MEDIAL\w* OBL\w*", "LMO"),
    (r"MEDIO ?LATERAL\w* ?(OBL\w*|SCHRAE?G\w*)|OBL\w+ MEDIO ?LATERAL\w*", "MLO"),
    (r"MEDI[OA]L? ?LATERAL\w*", "ML"),
    (r"LATERO ?MEDIAL\w*", "LM"),
)
"""Projections in full, in several languages, and their abbreviations."""

MODIFIER_ABBREVIATIONS = {
    "M": "magnification",
    "MAG": "magnification",
    "S": "spot compression",
    "SPOT": "spot compression",
    "ID": "implant displaced",
    "AT": "axillary tail",
    "TAN": "tangential",
    "RL": "rolled lateral",
    "RM": "rolled medial",
    "RI": "rolled inferior",
    "RS": "rolled superior",
    "NP": "nipple in profile",
    "AC": "anterior compression",
    "IMF": "infra-mammary fold",
    "CV": "cleavage",
}
"""Abbreviations that are written next to or joined to CC or MLO in View Position."""
_MODIFIER_WORDS = (
    ("magnification", r"MAGN?|MAGNIF\w*|AGRANDI\w*|AMPLIA[CT]\w*|VERGR\w*|INGRANDI\w*"),
    ("spot compression", r"SPOT\w*|CONED?|(FOCAL|LOCALI[SZ]ED|FOCALI[SZ]\w+) COMPRESS?I?ONE?"),
    ("implant displaced", r"IMPLANT DISPLACED|EKLUND|(CC|MLO) ID(?! [0-9])"),
    ("stereotactic", r"STEREO(TA\w+)?"),
)
"""Words for modifiers in descriptions."""

_JOINED = re.compile(
    r"(?P<before>RIGHT|LEFT|RT|LT|R|L)??"
    r"(?P<prefix>(?:MAG|SPOT|ID|M|S)*?)"
    r"(?P<view>XCCL|XCCM|XCC|CC|MLO|OML|LMO|ML|LM|FB|SIO|ISO)"
    r"(?P<suffix>(?:MAG|SPOT|ID|TAN|IMF|AT|RL|RM|RI|RS|NP|AC|CV|M|S)*?)"
    r"(?P<after>RIGHT|LEFT|RT|LT|R|L)?"
)
"""A side, modifiers and a projection in one word: ``RMLOID``, ``LMCC``, ``CCR``."""


@dataclass(frozen=True)
class ParsedName:
    """The view that a text states; None for a part that is missing or ambiguous."""

    laterality: Laterality | None = None
    projection: Projection | None = None
    modifiers: tuple[str, ...] = ()
    subject: str = ""
    """The text before ``LEFT_CC`` or similar, usually the patient; empty unless both parts are
    stated."""


def parse_code(text: str) -> ParsedName:
    """Parse a text that contains nothing but a view, as View Position (0018,5101).

    ``CC``, ``L MLO``, ``RCC``, ``MLOID``, ``CC MAG`` and ``CRANIO-CAUDAL`` are understood; the
    projection of any other text is None.
    """
    found = _find_terms(_split(text), strict=False)
    return ParsedName(found.laterality, found.projection, found.modifiers)


def parse_name(name: str) -> ParsedName:
    """Parse laterality, projection and modifiers in a name; case is ignored.

    The name is split into runs of letters and runs of digits. ``left`` and ``right`` count
    anywhere. ``L``, ``R``, ``LT`` and ``RT`` count only next to a projection or the word
    ``breast``, or joined to it (``LCC``), because a single letter alone is ambiguous. Projections
    other than CC and MLO count only with a side.

    Parameters
    ----------
    name
        A file name without extension, a Patient ID or a description.
    """
    return _find_terms(_split(name), strict=True, name=name)


@dataclass(frozen=True)
class _Term:
    """A word, and its position in the original text."""

    text: str
    start: int


def _split(text: str) -> list[_Term]:
    """The words of a text in capitals without accents; projections in full are abbreviated."""
    plain = "".join(
        unicodedata.normalize("NFKD", letter)[:1] or " " for letter in text
    ).upper()  # one for one, so that positions are those of the original
    for pattern, abbreviation in _PHRASES:
        spaced = pattern.replace(" ?", r"[\s_\-.]*").replace(" ", r"[\s_\-.]+")
        for match in re.finditer(rf"(?<![A-Z])(?:{spaced})(?![A-Z])", plain):
            word = abbreviation.ljust(len(match.group()))
            plain = plain[: match.start()] + word + plain[match.end() :]
    return [_Term(one.group(), one.start()) for one in re.finditer(r"[A-Z]+|[0-9]+", plain)]


def _find_terms(terms: list[_Term], *, strict: bool, name: str = "") -> ParsedName:
    """The view that words state.

    Parameters
    ----------
    terms
        The words.
    strict
        Whether letters, and projections other than CC and MLO, count only next to each other.
    name
        The original text, for the subject.
    """
    sides: set[Laterality] = set()
    views: set[Projection] = set()
    subjects: list[str] = []
    modifiers: list[str] = []
    for index, term in enumerate(terms):
        if term.text in _SIDES and (term.text in _WORDS or not strict):
            sides.add(_SIDES[term.text])
        view, joined, inside = _parse_word(term.text)
        neighbour = _side_beside(terms, index)
        if term.text == "BREAST" and neighbour is not None:
            sides.add(_SIDES[terms[neighbour].text])
        if view is None:
            continue
        is_joined = joined is not None or neighbour is not None
        if strict and view is Projection.OTHER and (not is_joined or term.text in _RADIOGRAPHY):
            continue
        views.add(view)
        modifiers += inside
        if joined is not None:
            sides.add(joined)
            subjects.append(name[: term.start])
        elif neighbour is not None:
            sides.add(_SIDES[terms[neighbour].text])
            subjects.append(name[: min(term.start, terms[neighbour].start)])
        if not strict:
            modifiers += [
                MODIFIER_ABBREVIATIONS[other.text]
                for other in terms
                if other is not term and other.text in MODIFIER_ABBREVIATIONS
            ]
    modifiers += _find_modifiers(terms)
    is_unambiguous = len(sides) == len(views) == 1
    return ParsedName(
        laterality=sides.pop() if len(sides) == 1 else None,
        projection=views.pop() if len(views) == 1 else None,
        modifiers=tuple(dict.fromkeys(modifiers)),
        subject=subjects[0].rstrip(" _-.,") if is_unambiguous and subjects else "",
    )


def _parse_word(word: str) -> tuple[Projection | None, Laterality | None, list[str]]:
    """Projection, side and modifiers that are joined in one word; no projection if not one."""
    if word in _PROJECTIONS:
        return _PROJECTIONS[word], None, []
    match = _JOINED.fullmatch(word)
    if match is None:
        return None, None, []
    side = match["before"] or match["after"]
    if match["before"] and match["after"]:
        return None, None, []
    modifiers = [
        MODIFIER_ABBREVIATIONS[one]
        for part in (match["prefix"], match["suffix"])
        for one in re.findall(r"MAG|SPOT|TAN|IMF|ID|AT|RL|RM|RI|RS|NP|AC|CV|M|S", part)
    ]
    return _PROJECTIONS[match["view"]], _SIDES[side] if side else None, modifiers


def _side_beside(terms: list[_Term], index: int) -> int | None:
    """The index of a side next to a projection, of the one before it first."""
    for neighbour in (index - 1, index + 1):
        if 0 <= neighbour < len(terms) and terms[neighbour].text in _SIDES:
            return neighbour
    return None


def _find_modifiers(terms: list[_Term]) -> list[str]:
    text = " ".join(term.text for term in terms)
    return [modifier for modifier, words in _MODIFIER_WORDS if re.search(rf"\b(?:{words})\b", text)]

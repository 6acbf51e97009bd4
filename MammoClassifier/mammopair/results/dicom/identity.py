"""Whose result it is: patient and study, carried over from the source image as they stand."""

from __future__ import annotations

import warnings
from copy import deepcopy
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

PATIENT = (
    *("PatientName", "PatientID", "IssuerOfPatientID", "IssuerOfPatientIDQualifiersSequence"),
    *("TypeOfPatientID", "PatientBirthDate", "PatientBirthTime", "PatientSex"),
    *("OtherPatientIDsSequence", "OtherPatientNames", "EthnicGroup", "PatientComments"),
    *("PatientIdentityRemoved", "DeidentificationMethod", "DeidentificationMethodCodeSequence"),
    *("ClinicalTrialSponsorName", "ClinicalTrialProtocolID", "ClinicalTrialProtocolName"),
    *("ClinicalTrialSiteID", "ClinicalTrialSiteName", "ClinicalTrialSubjectID"),
    "ClinicalTrialSubjectReadingID",
)
"""Patient and Clinical Trial Subject modules (PS3.3 C.7.1.1 and C.7.1.3)."""
STUDY = (
    *("StudyInstanceUID", "StudyDate", "StudyTime", "StudyID", "StudyDescription"),
    *("AccessionNumber", "IssuerOfAccessionNumberSequence", "ReferringPhysicianName"),
    *("PatientAge", "PatientSize", "PatientWeight", "TimezoneOffsetFromUTC"),
)
"""General Study and Patient Study modules (PS3.3 C.7.2), and what times are to be read by."""


def carry_identity(header: Dataset, result: Dataset) -> None:
    """Give a result the patient and the study of a source image, with its character set.

    Values are neither checked nor mended: what a PACS files the image under must be what it files
    the result under. All other text of a result is ASCII, so it reads alike in any character set.
    """
    for keyword in ("SpecificCharacterSet", *PATIENT, *STUDY):
        if keyword in result:
            del result[keyword]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # on values that break the rules
            try:
                element = header[keyword]
            except KeyError:
                if keyword in TYPE_2:
                    setattr(result, keyword, None)
                continue
            result[element.tag] = deepcopy(element)


TYPE_2 = frozenset(
    {
        *("PatientName", "PatientID", "PatientBirthDate", "PatientSex"),
        *("StudyDate", "StudyTime", "StudyID", "AccessionNumber", "ReferringPhysicianName"),
    }
)
"""Must be there, if only empty."""


def label(words: str, longest: int = 64) -> str:
    """Text of our own that fits an attribute of one line: no backslash, no break, not too long."""
    one_line = "".join(letter if letter.isprintable() else " " for letter in plain(words))
    return one_line.replace("\\", "/").strip()[:longest]


def plain(words: str) -> str:
    """Text of our own in ASCII; other characters as ``&#24739;``."""
    return words.encode("ascii", "xmlcharrefreplace").decode("ascii")

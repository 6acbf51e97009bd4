"""The patient and the study of a result, copied from its source image without changes."""

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
"""General Study and Patient Study modules (PS3.3 C.7.2), and the time zone of their times."""
TYPE_2 = frozenset(
    {
        *("PatientName", "PatientID", "PatientBirthDate", "PatientSex"),
        *("StudyDate", "StudyTime", "StudyID", "AccessionNumber", "ReferringPhysicianName"),
    }
)
"""Attributes that must be present, but may be empty."""


def copy_identity(header: Dataset, result: Dataset) -> None:
    """Copy patient, study and character set from a source image to a result.

    Values are neither validated nor corrected, because a PACS must file the result under the same
    values as the image. All other text of a result is ASCII, which any character set includes.
    """
    for keyword in ("SpecificCharacterSet", *PATIENT, *STUDY):
        if keyword in result:
            del result[keyword]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # pydicom warns of invalid values
            try:
                element = header[keyword]
            except KeyError:
                if keyword in TYPE_2:
                    setattr(result, keyword, None)
                continue
            result[element.tag] = deepcopy(element)

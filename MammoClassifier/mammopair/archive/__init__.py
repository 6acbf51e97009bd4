"""A DICOM archive over DICOMweb: mammograms are read from it, results are stored into it.

Nothing is sent but to the address that was named: redirects are not followed.
"""

"""A record as DICOM objects that any viewer reads, beside the mammograms that it was made from.

For each lesion a structured report (TID 1500) and a picture (Secondary Capture); for each of its
views the evidence as ordered levels (Segmentation) and as numbers (Parametric Map). Start at
:mod:`mammopair.results.dicom.export`.

Each object is filed under the patient and the study of its image, whose identity it carries over
as it is. What concerns all views of a lesion, the report and the picture, goes to the study of
the CC view, or of the only view; it refers to images of other studies by their UIDs.
"""

"""The results of a lesion as DICOM objects.

Each lesion has a structured report (TID 1500) and a picture (Secondary Capture). Each view has its
evidence as ordered levels (Segmentation) and as numbers (Parametric Map). The entry points are in
:mod:`mammopair.results.dicom.export`.

Each object belongs to the patient and the study of its image, whose identity it copies. The report
and the picture, which concern all views of a lesion, belong to the study of the CC view, or of the
only view; they refer to images of other studies by their UIDs.
"""

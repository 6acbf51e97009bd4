"""The Slicer side of MammoClassifier: knows slicer, qt and MRML; the numerics are mammopair's."""

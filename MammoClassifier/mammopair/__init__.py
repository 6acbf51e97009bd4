"""mammopair: from two mammogram views and a marked mass to a probability with evidence.

Research use only, not a medical device.

This package knows nothing of 3D Slicer. Importing it loads nothing heavy: torch, SimpleITK and
scikit-learn wait until a function needs them.
"""

__version__ = "0.1.0"

RESEARCH_USE_ONLY = "Research use only. Not a medical device."

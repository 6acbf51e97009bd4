"""mammopair_research: trains, measures and compares the networks that mammopair uses.

Not packaged into the 3D Slicer extension. :mod:`mammopair` never imports it.
"""

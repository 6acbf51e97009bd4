"""A stand-in Slicer build tree, and what keeps the list of packaged files."""

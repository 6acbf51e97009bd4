"""What the extension calls of Slicer, VTK, Qt and CTK, and where Slicer 5.12 defines it."""

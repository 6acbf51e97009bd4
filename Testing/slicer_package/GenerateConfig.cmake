# Slicer writes a configuration file for extensions that depend on this one; nothing depends on it.

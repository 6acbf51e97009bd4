"""A host that gives a scripted module what Slicer would. README.md says how to use it."""

from .host import Host, HostOptions, genuine_python_folder, start_host

__all__ = ["Host", "HostOptions", "genuine_python_folder", "start_host"]

"""A stand-in for the application 3D Slicer, for tests; README.md describes its use."""

from .host import Host, HostOptions, start_host

__all__ = ["Host", "HostOptions", "start_host"]

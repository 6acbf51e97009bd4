"""Mammograms from files: what a view is, how files become views, which views belong together."""

"""Slice views: layout, hanging and ROI placement."""

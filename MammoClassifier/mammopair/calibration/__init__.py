"""Calibrated probabilities, their intervals, and the position in the reference distribution."""

"""The model: networks, what they are fed, the ensemble that they form, and its calibration."""

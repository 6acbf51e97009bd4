"""Predictions for patients whom the predictor never saw: the files of a cross-validation.

``predictions.csv`` holds one row a crop and predictor, ``run.json`` what predicted. Training and
the hand-crafted baseline write them; the comparison reads them.
"""

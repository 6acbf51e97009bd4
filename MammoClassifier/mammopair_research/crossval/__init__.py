"""Cross-validation: out-of-fold predictions and the description of the run that made them.

``predictions.csv`` has one row per crop and predictor; ``run.json`` describes the run. Training
and the hand-crafted baseline write them, the comparison reads them.
"""

"""From logits to calibrated probabilities, and where a lesion lies in the reference distribution."""

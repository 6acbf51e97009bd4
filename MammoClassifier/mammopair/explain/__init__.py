"""Explanations: class activation and other maps, counterfactual images and concept scores."""

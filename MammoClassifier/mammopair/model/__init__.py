"""The networks, their inputs and weights, and the ensemble that they form."""

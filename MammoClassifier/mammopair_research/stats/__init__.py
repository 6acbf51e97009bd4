"""Statistics for the research commands: means by patient, and the AUC of many scores."""

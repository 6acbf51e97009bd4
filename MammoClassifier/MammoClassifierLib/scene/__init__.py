"""MRML nodes: volumes, results, evidence maps and their geometry."""

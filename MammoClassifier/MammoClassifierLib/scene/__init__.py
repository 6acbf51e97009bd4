"""MRML nodes: mammogram volumes, ROIs, results, evidence maps and their geometry."""

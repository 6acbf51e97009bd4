"""Classify many lesions in Slicer without a window; see MammoClassifierLib/batch.py.

Slicer --no-splash --no-main-window --python-script classify_batch.py -- TABLE OUT [OPTIONS]
"""

if __name__ == "__main__":  # worker processes import this file, and must not run it
    import sys
    from pathlib import Path

    import slicer

    # The packages are in the folder above this one.
    sys.path.append(str(Path(__file__).resolve().parent.parent))

    from MammoClassifierLib.batch import run

    slicer.util.exit(run(sys.argv[1:]))

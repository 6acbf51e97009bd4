"""Classify many lesions in Slicer without a window; see MammoClassifierLib/batch.py.

Slicer --no-splash --no-main-window --python-script classify_batch.py -- MANIFEST OUT
"""

if __name__ == "__main__":  # the workers of --workers read this file once more, and must pass it by
    import sys
    from pathlib import Path

    import slicer

    sys.path.append(str(Path(__file__).resolve().parent.parent))  # beside the module's packages

    from MammoClassifierLib.batch import run

    slicer.util.exit(run(sys.argv[1:]))

"""The comparison table: cross-validation runs side by side, measured on the same lesions.

=======================  ===========================================================================
``table_rows``           from runs to the rows of the table: single networks and ensembles
``compatibility``        check that runs have the same data and the same folds
``calibrated_scores``    calibrated probabilities of each fold, fitted on the other folds
``compare_runs``         measure every row and test it against the reference
``comparison_schema``    ``comparison.json``
``comparison_document``  the table as Markdown and CSV
``published``            published figures, each with the patients that it was measured on
=======================  ===========================================================================
"""

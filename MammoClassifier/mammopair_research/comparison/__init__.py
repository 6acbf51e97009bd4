"""The table: runs of a cross-validation side by side, on the same lesions.

==============  ====================================================================================
``entrants``    from runs to the rows of the table: one network, ensembles, two networks averaged
``agreement``   that the runs are of one collection, and of one split of it
``crossfit``    calibrated probabilities, each fold by what the other folds give
``compare``     every row measured, and tested against the reference
``schema``      ``comparison.json``
``published``   figures of others, each with the patients that it was measured on
``document``    the same as Markdown and CSV
==============  ====================================================================================
"""

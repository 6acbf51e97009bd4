"""Evaluation of attribution maps, on lesions that the explained networks were not trained on.

======================  ============================================================================
``baseline_maps``       maps that do not depend on the networks, for comparison
``evaluated_crop``      an out-of-fold crop, also with the mass off-centre, and its members
``off_centre``          squares with the mass towards a corner, on the whole film
``deletion``            deletion and insertion of the most relevant regions
``region_replacement``  replacement of deleted regions: blur and in-painting
``localisation``        energy in the box of the mass, and the pointing game
``randomisation``       randomised network weights
``repeatability``       rank correlation between maps, and shifted images
``view_agreement``      agreement of the maps of CC and MLO
``measures``            names and meanings of all measures
``crop_measures``       all measures of one method on one crop
``journal``             results on disk, so that a study can be continued
``map_study``           all methods on a sample of lesions
``measure_table``       means, intervals and differences from the baselines
``method_choice``       the rule that selects the default method
``study_output``        results as JSON, CSV and Markdown
``chart``               results as a figure
======================  ============================================================================
"""

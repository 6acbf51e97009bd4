"""Radiological features of a marked mass, measured on its patch.

================  =============================================================================
``marked_patch``  the patch, the box on it, and the area of the film
``outline``       outline of the mass in the box, by dynamic programming in polar coordinates
``mass_zones``    inside, margin and surroundings of the outline
``shape``         size and shape of the outline
``sharpness``     sharpness of the margin
``spiculation``   radial lines and gradients; needs no outline
``intensity``     brightness inside and around the mass, and their contrast
``texture``       co-occurrence matrices and local binary patterns
``gradients``     histograms of gradient directions relative to the centre
``feature``       definition of a feature
``catalogue``     all features
================  =============================================================================
"""

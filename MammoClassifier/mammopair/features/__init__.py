"""Radiological features of a marked mass, by definitions that can be read, and their classifier.

================  ==================================================================================
``marked_patch``  the patch that the networks get, its box, and which of it is film
``outline``       the mass inside the box, by dynamic programming in polar coordinates
``zones``         inside, margin and surroundings, which the outline defines
``shape``         size and shape of the outline
``sharpness``     how sharp the margin is
``spiculation``   lines and gradients along the radius; works on a bare patch without an outline
``intensity``     brightness inside and around, and their contrast
``texture``       co-occurrence matrices and local binary patterns
``gradients``     histograms of gradients by direction from the centre
``feature``       what a feature is
``features``      all of them, with definition, unit and source: the catalogue
``table``         the features of a folder of crops, kept as a CSV
``classifier``    a fitted classifier as plain arrays: saved, loaded, asked
================  ==================================================================================
"""

"""What the networks see, and the words that radiologists give to it.

The paper "correlated those features with well known radiological features, such as spiculation"
without saying how. Here, on crops of patients whom the network that is asked never saw:

==============  ====================================================================================
``gathering``   every held-out crop read once: pooled units, evidence by zone, measured spiculation
``words``       which scores go with which words: AUC by patient, false discoveries controlled
``zones``       evidence inside, in the margin, outside: spiculated against circumscribed masses
``mean_maps``   the mean evidence of the masses of one word
``moving``      moved images measured along their path
``dose``        how measured spiculation changes with the logit
``findings``    all of it for a folder of crops
``charts``      the figures
``outputs``     page, CSV and JSON
==============  ====================================================================================
"""

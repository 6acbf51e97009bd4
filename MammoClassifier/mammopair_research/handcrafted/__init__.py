"""The classical baseline: three pipelines on hand-crafted features, tuned inside the folds.

==============  ====================================================================================
``plan``        folds and the settings that are tried, from a TOML file
``pipelines``   the three scikit-learn pipelines, and each as plain arrays
``tuning``      one pipeline's settings chosen by patients inside the training folds
``fitting``     all folds, and the model that is saved
``importance``  which features the predictions rest on
``figures``     AUC and the rest, of predictions and of single measures
``report``      the same for people
``running``     all of it, into a folder
==============  ====================================================================================
"""

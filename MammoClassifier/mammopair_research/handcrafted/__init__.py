"""The baseline on hand-crafted radiological features: three pipelines with nested folds.

=========================  =========================================================================
``search_plan``            folds and hyperparameters to try, from a TOML file
``feature_table``          the features of a crop folder, cached as CSV
``pipelines``              the three scikit-learn pipelines, and their fitted arrays
``hyperparameter_search``  choose the hyperparameters of one pipeline on inner folds
``nested_fit``             all folds, and the saved model
``classifier``             a fitted classifier as arrays: saved, loaded and applied
``importance``             permutation importance of the features
``baseline_figures``       metrics of the predictions and of single features
``baseline_report``        ``report.md``
``baseline_run``           the complete run
=========================  =========================================================================
"""

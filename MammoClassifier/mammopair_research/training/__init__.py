"""Training from scratch, from a recipe and a crop folder to an exported ensemble.

=====================  =============================================================================
``recipe``             settings of a training run, from a TOML file
``augmentation``       random transforms of the crops
``member_fit``         train one member, one epoch at a time
``member_tasks``       train all members, sequentially or in parallel
``checkpoint``         state of a member on disk
``out_of_fold``        predictions of each member for its own fold
``calibration_fit``    slope and intercept of the calibration
``operating_points``   thresholds at given sensitivities and specificities
``cross_fit``          calibration and thresholds for each fold from the other folds
``reference_fit``      reference distribution of scores and features
``concept_scales``     scores of the descriptors
``ensemble_export``    the exported ensemble with its metrics
``model_card``         its model card
``network_cost``       parameters, multiply-adds and inference time
=====================  =============================================================================
"""

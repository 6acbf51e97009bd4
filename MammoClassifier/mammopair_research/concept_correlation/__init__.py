"""Correlation of the networks with BI-RADS descriptors and with measured spiculation.

The paper "correlated those features with well known radiological features, such as spiculation"
without further detail. Here, on crops of patients that the network was not trained on:

============================  ======================================================================
``crop_measurements``         pooled units, evidence by zone and measured spiculation of every crop
``descriptor_associations``   association of scores with descriptors: AUC by patient, FDR controlled
``evidence_zones``            evidence inside the mass, in the ring of its margin and outside
``zone_contrasts``            evidence by zone: spiculated against circumscribed masses
``mean_maps``                 mean evidence of the masses with one descriptor
``counterfactual_features``   counterfactual images, measured along their path
``dose_response``             change of measured spiculation with the logit
``correlation_study``         the complete study of a crop folder
``charts``                    the figures
``correlation_output``        page, CSV and JSON
============================  ======================================================================
"""

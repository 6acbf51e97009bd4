"""CBIS-DDSM as The Cancer Imaging Archive delivers it, and the crop folder made from it.

Case descriptions (:mod:`.case_descriptions`) name the masses; the index of the downloaded files
(:mod:`.series_index`) locates their films and regions of interest; the mask's bounding box
(:mod:`.roi_series`, :mod:`.mask_box`) is the lesion's box on the film; its crop and where it was
cut (:mod:`.crop_file`) become a row of ``crops.csv`` (:mod:`.crop_table`). What does not match is
reported (:mod:`.report`). :mod:`.preparation` runs these steps.
"""

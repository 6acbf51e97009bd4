"""Reading mammograms, and tables that refer to them, from files and archives.

===================== ===========================================================================
Module                Content
===================== ===========================================================================
reader                any image file -> :class:`~mammopair.view.View`
dicom                 DICOM file -> view, or header only
dicom_header          data set -> :class:`~mammopair.view.Header`
dicom_attributes      access to header attributes that tolerates malformed values
stated_view           which view a header states, in all places that may state it
image_kind            masks, crops, screenshots, synthetic views and other derived images
image_checks          which DICOM images are accepted as a mammogram
pixel_data            Pixel Data -> stored values, through any installed decoder
codestream            image size in the header of a compressed frame
greyscale             stored values -> display values (modality, VOI, presentation)
pixel_spacing         pixel spacing and the plane in which it is measured
viewer_window         pixels for viewers that apply a window of their own
image_file            PNG, TIFF, JPEG, NRRD, MetaImage -> view
view_names            laterality, projection and modifiers in codes, descriptions and names
view_checks           unknown or conflicting laterality and projection; which views form a pair
exam                  views of an exam -> CC and MLO view of each breast
csv_dialect           encoding and delimiter of a CSV table
csv_table             rows of any CSV table, with the line numbers of invalid ones
lesion_table          CSV table of lesions to classify
crop_folder           folder of lesion crops for training and evaluation
dicomweb              DICOMweb archive: query, retrieve, store
dicomweb_credentials  credentials for an archive, from the environment
===================== ===========================================================================
"""

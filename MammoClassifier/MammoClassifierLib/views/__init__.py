"""The slice views: layout, hanging, ROI placement and evidence overlay."""

"""What is written from records: tables, pictures, the HTML report and DICOM objects."""

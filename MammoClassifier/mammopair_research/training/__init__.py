"""Training from scratch: crops, augmentation, recipe, fitting, and what is shipped of it."""

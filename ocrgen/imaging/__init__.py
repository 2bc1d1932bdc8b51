"""Images: decoding, binarization, segmentation, augmentation, corruptions, rendering."""

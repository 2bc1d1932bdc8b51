"""The page Saliency."""

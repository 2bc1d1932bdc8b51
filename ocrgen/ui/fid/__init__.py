"""The page FID and LFID."""

"""What pages share: frame, cache, widgets, run selection, uploads."""

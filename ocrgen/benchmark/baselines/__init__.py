"""Baselines: other implementations of the same work."""

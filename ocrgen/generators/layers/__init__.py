"""Layers that generators share."""

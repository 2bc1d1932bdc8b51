"""Shared utilities: files and locks, settings, device choice, optimiser, statistics, errors."""

"""Stress tests that take minutes: kills, full disks, damaged files and many viewers must not lose any data."""

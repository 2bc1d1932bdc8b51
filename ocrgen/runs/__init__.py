"""A run is a folder: the folder itself, the store of all runs, jobs, event files."""

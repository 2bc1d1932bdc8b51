"""File formats of data sets: archives, arrays, IDX."""

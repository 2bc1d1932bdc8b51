"""File formats that data sets come in: archives, arrays, IDX."""

"""One bench a file: each has `parts(lab)`, its comparisons."""

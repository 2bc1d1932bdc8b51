"""One generator a file; each file that is dropped here is found."""

"""One file per generator; each is discovered."""

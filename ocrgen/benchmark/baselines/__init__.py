"""What the benches compare with: the same work done in a plain way."""

"""The page Runtime."""

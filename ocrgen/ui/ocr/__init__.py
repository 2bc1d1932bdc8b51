"""The page OCR."""

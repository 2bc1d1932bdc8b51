"""Plotly figures from tables: each view is made once here, for pages and report alike."""

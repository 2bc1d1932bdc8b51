"""The OCR network: architecture, training, evaluation, saliency, robustness, export."""

"""What all pages share: their frame, forms and formatting."""

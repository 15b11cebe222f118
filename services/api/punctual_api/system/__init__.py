"""The installation itself: health and metrics."""

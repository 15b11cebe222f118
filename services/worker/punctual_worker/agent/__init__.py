"""The agent: claims runs, orders their starts, and reports how they ended."""

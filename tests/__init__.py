"""Everything that shows Punctual keeps its promises, by the kind of proof."""

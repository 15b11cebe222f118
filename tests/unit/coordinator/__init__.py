"""What of the coordinator needs no servers."""

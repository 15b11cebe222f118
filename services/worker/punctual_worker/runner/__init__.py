"""The runner: a small process which starts commands on their instant and leaves nothing alive."""

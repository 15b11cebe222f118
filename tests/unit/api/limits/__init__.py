"""The pure parts of the limits of abuse."""

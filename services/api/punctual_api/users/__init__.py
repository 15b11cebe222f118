"""All users of the installation, for admins."""

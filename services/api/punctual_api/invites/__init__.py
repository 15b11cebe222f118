"""Invitations to the installation and to teams."""

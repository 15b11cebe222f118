"""New passwords for users who have forgotten theirs, by a link that is mailed."""

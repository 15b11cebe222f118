"""The pages of alerts: channels, rules and deliveries of a team, and of the installation."""

"""What Punctual is compared with: the bare machine, and the same design without its care."""

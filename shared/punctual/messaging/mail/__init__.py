"""Mail: letters, how they are sent by SMTP, and what an operator does when that fails."""

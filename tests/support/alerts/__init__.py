"""What tests of alerts and health share."""

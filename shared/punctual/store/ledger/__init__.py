"""The ledger: due times that did not become a start on time, and why."""

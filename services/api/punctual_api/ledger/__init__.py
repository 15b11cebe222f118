"""The ledger of due times, the question why, and backfill."""

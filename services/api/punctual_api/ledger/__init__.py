"""The ledger of due times, explanations, and backfill."""

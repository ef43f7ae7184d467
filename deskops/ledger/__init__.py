"""The ledger: what lies in the yard, by material and day, kept in step in the transaction of each change."""

"""What happened, provably: the auditor, the ledger, the statement, the report of each event."""

"""What DeskOps is measured against, on the same server and the same file."""

"""The engine: what every module's records have in common, written once."""

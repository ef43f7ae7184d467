"""Measurements of DeskOps against limits and peers of the same run: `make bench`. Printed, never asserted."""

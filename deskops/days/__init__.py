"""The days of a site: what each owes, what was reported, and closing it."""

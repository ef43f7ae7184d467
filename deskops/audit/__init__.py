"""Who changed what, when: append-only chains, one a site, in which each entry holds the hash of the one before."""

"""Who may do what, where: sites, people, memberships, tokens, sessions, and the one table of permissions."""

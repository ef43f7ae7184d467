"""Files brought in: rows of a CSV become records by the same schema, rules and audit as everybody's."""

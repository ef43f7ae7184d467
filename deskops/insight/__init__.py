"""What the figures say: every SUM and GROUP BY over the totals, as functions named for their meaning."""

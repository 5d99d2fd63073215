"""Elections of persons: by secret ballot, with a run-off, and by lot on a tie."""

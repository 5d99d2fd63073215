"""Prepared polls: a municipality's templates, and polls that belong together (series)."""

"""Reminding members of running polls, at times that suit people."""

"""Ballots that members give on paper or by phone, recorded by coordination."""

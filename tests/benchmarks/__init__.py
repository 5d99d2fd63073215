"""How fast the bot is, beside the simplest bot that does the same: ``make bench``.

``python -m tests.benchmarks [--quick] [NAME …]`` prints a table; see docs/performance.md.
"""

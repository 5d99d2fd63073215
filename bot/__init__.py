"""The running program: the only place that knows platforms, clocks, schedules and words."""

__version__ = "0.1.0"

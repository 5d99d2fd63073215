"""Questions on the terminal, or the options given instead of answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click


class Questions:
    """Asks for what was not given as an option; asks nothing at all if ``asking`` is False."""

    def __init__(self, given: Mapping[str, Any], asking: bool) -> None:
        self.given, self.asking = given, asking

    def ask(self, name: str, question: str, *, default: str = "", hidden: bool = False) -> str:
        """The option ``name``, else the answer, else the default; spaces around are dropped."""
        known = self.given.get(name)
        if known is not None:
            return str(known).strip()
        if not self.asking:
            return default
        answer = click.prompt(
            question, default=default, hide_input=hidden, show_default=bool(default), type=str
        )
        return str(answer).strip()

    def agrees(self, question: str, *, default: bool) -> bool:
        """Whether the person wants it; the default if nothing is asked."""
        return click.confirm(question, default=default) if self.asking else default

    def again(self, what: str) -> bool:
        """Say what was wrong, and whether the question is asked anew."""
        click.echo(what, err=True)
        return self.asking

"""A poll from its preparation to its result, whatever the method."""

from __future__ import annotations

from handlers.chat import Text
from handlers.polls import views
from tests.methods import said
from tests.polling import DEADLINE, GROUP
from tests.world import Somebody, Town

SECRECIES = {"open": "polls.open", "roll_call": "polls.roll_call", "secret": "polls.secret"}


async def press(who: Somebody, label: str) -> str:
    """Press a button, on a later page of choices if need be."""
    more = said(Text("forms.next_page"))
    while not any(label in shown for shown in who.buttons()) and more in who.buttons():
        await who.press(more)
    return await who.press(label)


async def prepare(
    town: Town, method: str, title: str, *answers: str, secrecy: str | None = "open"
) -> None:
    """Coordination prepares a poll up to its preview.

    ``answers`` are pressed where a button has such words, and typed otherwise; ``secrecy`` is None
    where the method leaves no choice.
    """
    who = town.coordination
    await who.says("/abstimmung")
    await press(who, said(views.method_name(method)))
    await who.says(title)
    await who.press(GROUP)
    await who.press(said(Text("polls.at_once")))
    await who.says("19.01.2027 18:00")
    if secrecy is not None:
        await who.press(said(Text(SECRECIES[secrecy])))
    for answer in answers:
        pressed = any(answer in label for label in who.buttons())
        await (who.press(answer) if pressed else who.says(answer))


async def ask(
    town: Town, method: str, title: str, *answers: str, secrecy: str | None = "open"
) -> None:
    """As ``prepare``, and published."""
    await prepare(town, method, title, *answers, secrecy=secrecy)
    await town.coordination.press(said(Text("polls.publish")))


async def result(town: Town, *, formal: bool = False) -> str:
    """The deadline passes, coordination publishes what decides; the newest in the channel."""
    await town.until(DEADLINE)
    if formal:
        await town.coordination.press(said(Text("polls.publish")))
    return town.group_a.newest(GROUP)

"""People on Telegram, whose server outlives every life of the bot."""

from __future__ import annotations

from collections import Counter

from tests.kill.lives import Life
from tests.kill.vote import COORDINATION, VOTERS, Press
from tests.platforms.botapi import Server, shown

FIRST = 500
POINTS = frozenset(
    {"fetched", "received", "handling", "handled", "toasted", "sending", "sent", "drawing", "drawn",
     "due", "closing", "closed", "forgetting", "forgotten"}
)  # fmt: skip


class OnTelegram:
    """Each person in a direct chat with an old message of the bot's, and a group for all."""

    platform = "telegram"
    has_buttons = True
    repeats = False
    points = POINTS

    def __init__(self, server: Server) -> None:
        self.server, self.world = server, server.world
        people = [server.user(FIRST + n, who) for n, who in enumerate((COORDINATION, *VOTERS))]
        self.people = dict(zip((COORDINATION, *VOTERS), people, strict=True))
        # One voter has a second account: one seat all the same.
        self.second = server.user(FIRST + 99, VOTERS[0])
        self.group = server.group("Steuerungsgruppe", people, supergroup=True)
        self.group.bot_becomes("administrator", people[0])
        self.old = {}
        for person in (*people, self.second):
            person.user.started = True
            chat = self.world.private(person.user)
            self.old[person.user.id] = self.world.post(chat, self.world.bot(), text="Willkommen")
        self.presses: dict[str, Press] = {}

    @property
    def accounts(self) -> dict[str, list[tuple[str, str]]]:
        """Everybody's accounts and direct chats."""
        made = {who: [str(p.user.id)] for who, p in self.people.items()}
        made[VOTERS[0]].append(str(self.second.user.id))
        return {who: [(id, id) for id in ids] for who, ids in made.items()}

    def about(self) -> dict[str, str]:
        """What the bot has to know of it."""
        return {"url": self.server.url, "token": self.server.token}

    async def asks(self, action: str) -> None:
        """By an old button."""
        for who in VOTERS:
            person = self.people[who]
            if not any("Stimmzettel" in shown(m) for m in person.sees()):
                self.world.press(person.user, self.old[person.user.id], action)

    async def casts(self, press: Press) -> None:
        """A press on the newest message; Telegram keeps it until the bot has fetched it."""
        person = self.people[press.who]
        if press.who == VOTERS[0] and press.option % 2:
            person = self.second
        press.id = self.world.press(person.user, person.sees()[-1], press.action)
        press.accepted = True
        self.presses[press.id] = press

    async def closes(self, action: str) -> None:
        """Coordination presses a button."""
        person = self.people[COORDINATION]
        self.world.press(person.user, self.old[person.user.id], action)

    async def lived(self, life: Life) -> None:
        """Nobody waits for that."""

    def settled(self) -> bool:
        """Whether every update is confirmed."""
        return not self.world.waiting()

    def confirmed(self) -> list[Press]:
        """By the toasts."""
        return self._told("Gespeichert")

    def refused(self) -> list[Press]:
        """By the toasts."""
        return self._told("beendet")

    def _told(self, words: str) -> list[Press]:
        answered = self.server.called("answerCallbackQuery")
        told = [a["callback_query_id"] for a in answered if words in a.get("text", "")]
        return [self.presses[id] for id in told if id in self.presses]

    async def shown(self) -> Counter[str]:
        """Without the old ones."""
        made = Counter(
            {str(p.user.id): len(p.sees()) - 1 for p in (*self.people.values(), self.second)}
        )
        made[str(self.group.id)] = sum(m["from"]["is_bot"] for m in self.group.messages())
        return +made

    async def results(self) -> list[str]:
        """In the group."""
        texts = [shown(m) for m in self.group.messages()]
        return [text for text in texts if text.startswith("Ergebnis: ")]

    def card(self, place: str, message: str) -> str | None:
        """The text, or the words below a picture."""
        return shown(self.world.chats[int(place)].messages[int(message)])

"""How the bot gets its updates: getUpdates, or a webhook that is called."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp

from tests.platforms.botapi.parameters import Upload
from tests.platforms.botapi.refusal import Refusal, bad
from tests.platforms.botapi.world import Json, World

_WEBHOOK_ACTIVE = (
    "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete "
    "the webhook first"
)
_OTHER_POLLER = (
    "Conflict: terminated by other getUpdates request; make sure that only one bot instance is "
    "running"
)


class Updates:
    """Gives updates to the bot, one way or the other."""

    def __init__(self, world: World, pause: float = 0.1) -> None:
        """``pause``: seconds between two tries of a webhook that does not answer with 2xx."""
        self.world, self.pause = world, pause
        self.url, self.secret = "", ""
        self.last_error: tuple[int, str] | None = None
        self._poll = 0
        self._calling: asyncio.Task[None] | None = None

    async def get(self, given: Json) -> list[Any]:
        """getUpdates."""
        if self.url:
            raise Refusal(409, _WEBHOOK_ACTIVE)
        limit = given.get("limit", 100)
        if not 1 <= limit <= 100:
            limit = 100
        if "allowed_updates" in given:
            self.world.allowed = given["allowed_updates"]
        self._poll += 1
        mine = self._poll
        self.world.changed()  # Another request that waits is ended.
        if "offset" in given:
            self.world.confirm(given["offset"])

        def ready() -> bool:
            return mine != self._poll or bool(self.url) or bool(self.world.waiting())

        try:
            await self.world.until(ready, min(given.get("timeout", 0), 50) or 0.001)
        except TimeoutError:
            return []
        if mine != self._poll:
            raise Refusal(409, _OTHER_POLLER)
        if self.url:
            raise Refusal(409, _WEBHOOK_ACTIVE)
        return [u.json for u in self.world.waiting()[:limit]]

    def set(self, given: Json) -> bool:
        """setWebhook. The published limits of the address are not checked: tests use http."""
        secret = given.get("secret_token", "")
        if secret and not (
            secret.replace("_", "a").replace("-", "a").isalnum() and secret.isascii()
        ):
            raise bad("secret token contains unallowed characters")
        if isinstance(given.get("certificate"), Upload):
            raise bad("this server takes no certificates")
        self._drop(given)
        if "allowed_updates" in given:
            self.world.allowed = given["allowed_updates"]
        self.url, self.secret = given["url"], secret
        self.world.changed()
        if self.url and self._calling is None:
            self._calling = asyncio.create_task(self._call())
        return True

    def delete(self, given: Json) -> bool:
        """deleteWebhook."""
        self._drop(given)
        self.url = self.secret = ""
        self.world.changed()
        return True

    def _drop(self, given: Json) -> None:
        if given.get("drop_pending_updates"):
            self.world.updates.clear()

    def info(self, _: Json) -> Json:
        """getWebhookInfo."""
        waiting = len(self.world.waiting())
        made: Json = {
            "url": self.url,
            "has_custom_certificate": False,
            "pending_update_count": waiting,
        }
        if self.last_error is not None:
            made["last_error_date"], made["last_error_message"] = self.last_error
        if self.world.allowed:
            made["allowed_updates"] = self.world.allowed
        return made

    async def _call(self) -> None:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(5)) as http:
            while True:
                if not self.url or not self.world.waiting():
                    await self.world.until(lambda: self.url and self.world.waiting(), 1e9)
                update = self.world.waiting()[0]
                wrong = await self._post(http, update.json)
                if wrong is None:
                    self.world.updates = [u for u in self.world.updates if u is not update]
                    self.world.changed()
                    continue
                self.last_error = int(self.world.clock().timestamp()), wrong
                await asyncio.sleep(self.pause)

    async def _post(self, http: aiohttp.ClientSession, update: Any) -> str | None:
        headers = {"X-Telegram-Bot-Api-Secret-Token": self.secret} if self.secret else {}
        try:
            async with http.post(self.url, json=update, headers=headers) as response:
                if response.status < 300:
                    return None
                return f"Wrong response from the webhook: {response.status} {response.reason}"
        except (aiohttp.ClientError, TimeoutError):
            return "Connection refused"

    async def close(self) -> None:
        """Stop calling."""
        if self._calling is not None:
            self._calling.cancel()
            await asyncio.gather(self._calling, return_exceptions=True)

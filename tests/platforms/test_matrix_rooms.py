"""Rooms that the bot makes and looks after on a real homeserver, and who comes into them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from nio import RoomPreset, RoomVisibility

from handlers.tasks import (
    Admit,
    BringIn,
    Furnish,
    Inspect,
    MakeLink,
    MakeRoom,
    MakeTopic,
    PutOut,
    TagMember,
)
from tests.platforms.matrix.between import between
from tests.platforms.matrix.synapse import NAME, Heard, Member, Synapse, online, synapse
from tests.platforms.matrix.town import Town, running

__all__ = ["synapse"]

pytestmark = pytest.mark.synapse


def space(name: str, **more: Any) -> MakeRoom:
    """A space of the town's."""
    return MakeRoom(name, "Ilmbrück – GNK", "Alle Räume", space=True, **more)


def room(name: str, **more: Any) -> MakeRoom:
    """A room of the town's."""
    return MakeRoom(name, "Kernteam", "Arbeitet die Strategie aus", **more)


async def state(member: Member, place: str) -> dict[tuple[str, str], dict[str, Any]]:
    """What a member sees of a room's state."""
    status, events = await member.asks("GET", f"rooms/{place}/state")
    assert status == 200, events
    return {(e["type"], e["state_key"]): e["content"] for e in events}


async def comes_in(town: Town, member: Member, place: str) -> None:
    """Be invited by the bot, and accept."""
    assert (await town.works.do(place, BringIn(member.id))).well
    await member.is_invited(place)
    assert await member.enters(place)


# --- rooms --------------------------------------------------------------------------------------


async def test_a_space_with_a_room_is_made_once_and_private(
    synapse: Synapse, tmp_path: Path
) -> None:
    bot, login, other = (synapse.user(n) for n in ("gnk-bot", "anna", "jemand"))
    async with (
        running(tmp_path, bot) as town,
        online(login, tmp_path / "anna") as anna,
        online(other, tmp_path / "jemand") as stranger,
    ):
        whole = await town.works.made(space("ilmbrueck"))
        made = await town.works.twice("*", room("ilmbrueck-kern", inside=whole))
        core = made.ref or ""
        assert made.told == {"missing": []} and core != whole
        await comes_in(town, anna, whole)
        # Those in the space come in by themselves, others do not.
        assert await anna.enters(core)
        assert not await stranger.enters(core)
        there = await state(anna, core)
        assert there["m.room.name", ""] == {"name": "Kernteam"}
        assert there["m.room.topic", ""]["topic"] == "Arbeitet die Strategie aus"
        assert there["m.room.canonical_alias", ""]["alias"] == f"#ilmbrueck-kern:{NAME}"
        assert there["m.room.encryption", ""]["algorithm"] == "m.megolm.v1.aes-sha2"
        assert there["m.room.history_visibility", ""] == {"history_visibility": "joined"}
        assert there["m.room.guest_access", ""] == {"guest_access": "forbidden"}
        assert there["m.room.join_rules", ""]["allow"][0]["room_id"] == whole
        assert there["m.space.parent", whole] == {"via": [NAME], "canonical": True}
        assert there["m.room.avatar", ""]["url"].startswith(f"mxc://{NAME}/")
        held = (await state(anna, whole))["m.space.child", core]
        assert held == {"via": [NAME], "suggested": True, "order": "0000"}
        assert len([k for k in await state(anna, whole) if k[0] == "m.space.child"]) == 1


@pytest.mark.parametrize("version", ["10", "12"])
async def test_whoever_leads_may_lead_in_a_room_of_any_version(
    synapse: Synapse, tmp_path: Path, version: str
) -> None:
    bot, login, other = (synapse.user(n) for n in ("gnk-bot", "anna", "bernd"))

    def usual(path: str, body: bytes) -> bytes:
        if "capabilities" not in path:
            return body
        return re.sub(rb'"default": ?"[0-9]+"', b'"default":"%s"' % version.encode(), body)

    async with between(synapse.address) as way:
        way.changed = usual
        bot = type(bot)(way.address, bot.user_id, bot.access_token, bot.device_id)
        async with (
            running(tmp_path, bot) as town,
            online(login, tmp_path / "anna") as anna,
            online(other, tmp_path / "bernd") as bernd,
        ):
            task = room(f"leiten-{version}", quiet=True, levels={anna.id: 50}, encrypted=False)
            place = (await town.works.twice("*", task)).ref or ""
            for member in (anna, bernd):
                await comes_in(town, member, place)
            there = await state(anna, place)
            assert there["m.room.create", ""]["room_version"] == version
            assert (bot.user_id in there["m.room.power_levels", ""]["users"]) is (version == "10")
            text = {"msgtype": "m.text", "body": "Guten Tag"}
            status, said = await anna.asks("PUT", f"rooms/{place}/send/m.room.message/1", text)
            assert status == 200
            status, _ = await bernd.asks("PUT", f"rooms/{place}/send/m.room.message/1", text)
            assert status == 403
            # Everybody may answer a card, and take the answer back.
            relation = {"rel_type": "m.annotation", "event_id": said["event_id"], "key": "1️⃣"}
            status, reaction = await bernd.asks(
                "PUT", f"rooms/{place}/send/m.reaction/2", {"m.relates_to": relation}
            )
            assert status == 200
            back = f"rooms/{place}/redact/{reaction['event_id']}/3"
            assert (await bernd.asks("PUT", back, {}))[0] == 200
            # Later somebody else leads, and all may write.
            levels = {anna.id: 0, bernd.id: 50}
            done = await town.works.twice(place, Furnish("Kernteam", "Neu", levels))
            assert done.told == {"missing": []}
            there = await state(anna, place)
            assert there["m.room.topic", ""]["topic"] == "Neu"
            power = there["m.room.power_levels", ""]
            assert power["users"].get(bernd.id) == 50 and anna.id not in power["users"]
            assert power["events_default"] == 0


async def test_a_homeserver_whose_usual_rooms_know_no_spaces_makes_others(
    synapse: Synapse, tmp_path: Path
) -> None:
    bot, login = synapse.user("gnk-bot"), synapse.user("anna")
    async with between(synapse.address) as way:
        way.changed = lambda path, body: (
            re.sub(rb'"default": ?"[0-9]+"', b'"default":"6"', body)
            if "capabilities" in path
            else body
        )
        bot = type(bot)(way.address, bot.user_id, bot.access_token, bot.device_id)
        async with running(tmp_path, bot) as town, online(login, tmp_path / "anna") as anna:
            whole = await town.works.made(space("alt"))
            core = await town.works.made(room("alt-kern", inside=whole))
            await comes_in(town, anna, whole)
            assert await anna.enters(core)
            assert (await state(anna, whole))["m.room.create", ""]["room_version"] == "6"


async def test_a_room_cut_off_in_the_making_is_finished_and_not_made_again(
    synapse: Synapse, tmp_path: Path
) -> None:
    bot, login = synapse.user("gnk-bot"), synapse.user("anna")
    accidents = {"createRoom": "lose answer", "m.space.child": "too much"}

    def accident(method: str, path: str) -> str | None:
        return next((accidents.pop(part) for part in list(accidents) if part in path), None)

    async with between(synapse.address) as way:
        bot = type(bot)(way.address, bot.user_id, bot.access_token, bot.device_id)
        async with running(tmp_path, bot) as town, online(login, tmp_path / "anna") as anna:
            whole = await town.works.made(space("abgebrochen"))
            way.accident = accident
            number = await town.works.begin("*", room("abgebrochen-kern", inside=whole))
            for left in (1, 0):
                await town.until(lambda n=left: len(accidents) == n and town.counts().get("queued"))
                town.pass_time(61)
            await town.until(lambda: town.works.became(number) is not None)
            done = town.works.became(number)
            assert done is not None and done.well and done.ref is not None
            await comes_in(town, anna, whole)
            assert await anna.enters(done.ref)
            held = [key for key in await state(anna, whole) if key[0] == "m.space.child"]
            assert held == [("m.space.child", done.ref)]
            assert way.count("createRoom") == 2  # the space, and the room


async def test_a_name_that_somebody_else_took_leads_nobody_into_their_room(
    synapse: Synapse, tmp_path: Path
) -> None:
    bot, login = synapse.user("gnk-bot"), synapse.user("mallory")
    async with running(tmp_path, bot) as town, online(login, tmp_path / "mallory") as mallory:
        trap = await mallory.opens("Kernteam", alias="falle-kern", invite=(bot.user_id,))
        await mallory.meets(bot.user_id, trap)
        made = await town.works.twice("*", room("falle-kern"))
        assert made.well and made.ref != trap
        assert (await town.works.do("*", room("mit leerzeichen"))).reason == "not_possible"


async def test_what_the_bot_may_not_change_is_told(synapse: Synapse, tmp_path: Path) -> None:
    bot, login = synapse.user("gnk-bot"), synapse.user("anna")
    async with running(tmp_path, bot) as town, online(login, tmp_path / "anna") as anna:
        place = await anna.opens("Alter Name", invite=(bot.user_id,))
        await anna.meets(bot.user_id, place)
        whole = await anna.opens("Fremder Space", space=True)
        wanted = Furnish("Kernteam", "Thema", {anna.id: 50}, whole, quiet=True)
        done = await town.works.twice(place, wanted)
        assert done.told == {"missing": ["title", "topic", "levels", "inside"]}
        power = (await state(anna, place))["m.room.power_levels", ""]
        power["users"][bot.user_id] = 50
        await anna.asks("PUT", f"rooms/{place}/state/m.room.power_levels/", power)
        await town.until(lambda: f"promoted bot {anna.id} channel Alter Name" in town.noted())
        done = await town.works.twice(place, Furnish("Kernteam", "Thema", {login.user_id: 0}))
        # In a room of version 12 nobody can take anything from whoever made it.
        assert done.told == {"missing": []}
        assert (await state(anna, place))["m.room.name", ""] == {"name": "Kernteam"}
        assert (await town.works.do("!weg:gnk.test", wanted)).reason == "not_there"


async def test_a_room_is_looked_at(synapse: Synapse, tmp_path: Path) -> None:
    bot, login, other = (synapse.user(n) for n in ("gnk-bot", "anna", "bernd"))
    async with running(tmp_path, bot) as town, online(login, tmp_path / "anna") as anna:
        place = await anna.opens("Kernteam", encrypted=True, invite=(bot.user_id,))
        await anna.meets(bot.user_id, place)
        await anna.invites(other.user_id, place)
        seen = (await town.works.twice(place, Inspect())).told
        names = ["send", "invite", "remove", "title", "topic", "pin", "levels", "delete"]
        assert seen == {
            "rights": {name: name in ("send", "invite") for name in names},
            "members": {
                anna.id: {"name": "anna", "state": "joined"},
                other.user_id: {"name": "bernd", "state": "invited"},
            },
            "title": "Kernteam",
            "public": False,
            "encrypted": True,
        }
        own = await town.works.made(room("angesehen", encrypted=False))
        seen = (await town.works.do(own, Inspect())).told
        assert all(seen["rights"].values()) and seen["members"] == {} and not seen["encrypted"]
        for more in (
            {"preset": RoomPreset.public_chat},
            {"visibility": RoomVisibility.public},
            {
                "initial_state": [
                    {
                        "type": "m.room.history_visibility",
                        "state_key": "",
                        "content": {"history_visibility": "world_readable"},
                    }
                ]
            },
        ):
            made = await anna.client.room_create(name="Offen", invite=[bot.user_id], **more)
            assert not isinstance(made, Exception)
            await town.until(lambda room=made.room_id: town.noted() and room in town.rooms())
            assert (await town.works.do(made.room_id, Inspect())).told["public"] is True


# --- people -------------------------------------------------------------------------------------


async def test_people_are_brought_in_and_put_out(synapse: Synapse, tmp_path: Path) -> None:
    bot, login, other = (synapse.user(n) for n in ("gnk-bot", "anna", "bernd"))
    async with (
        running(tmp_path, bot) as town,
        online(login, tmp_path / "anna") as anna,
        online(other, tmp_path / "bernd") as bernd,
    ):
        place = await town.works.made(room("leute"))
        assert (await town.works.twice(place, BringIn(anna.id))).well
        await anna.is_invited(place)
        # An invitation is withdrawn, and made again.
        assert (await town.works.twice(place, PutOut(anna.id))).well
        await comes_in(town, anna, place)
        await comes_in(town, bernd, place)
        await town.until(lambda: f"joined  {bernd.id} channel Kernteam" in town.noted())
        assert (await town.works.twice(place, PutOut(bernd.id))).well
        await anna.misses(bernd.id, place)
        # Even who was shut out may come again, when the bot is told so.
        await town.works.do(place, Furnish("Kernteam", "", {anna.id: 50}))
        await anna.client.room_ban(place, bernd.id)
        await comes_in(town, bernd, place)
        coming = ["invited", "joined", "left", "invited", "joined"]
        await town.until(lambda: [n.split()[0] for n in town.noted() if bernd.id in n] == coming)


async def test_who_cannot_be_brought_in_or_put_out_is_told(
    synapse: Synapse, tmp_path: Path
) -> None:
    bot, login, other = (synapse.user(n) for n in ("gnk-bot", "anna", "bernd"))
    async with running(tmp_path, bot) as town, online(login, tmp_path / "anna") as anna:
        place = await town.works.made(room("fehler"))

        async def reason(task: BringIn | PutOut | Admit, where: str = place) -> str | None:
            return (await town.works.do(where, task)).reason

        for unknown in (f"@niemand:{NAME}", "@anna:example.org", "anna", "@anna", ""):
            assert await reason(BringIn(unknown)) == "unknown_account", unknown
        assert await reason(BringIn(anna.id), "!weg:gnk.test") == "not_there"
        assert await reason(PutOut(anna.id), "!weg:gnk.test") == "not_there"
        # Somebody without a name and a picture is somebody nevertheless.
        nameless = f"profile/{anna.id}/displayname"
        assert (await anna.asks("PUT", nameless, {"displayname": ""}))[0] == 200
        assert await reason(BringIn(anna.id)) is None
        theirs = await anna.opens("Fremder Raum", invite=(bot.user_id,))
        await anna.meets(bot.user_id, theirs)
        assert await reason(PutOut(anna.id), theirs) == "no_right:remove"
        power = (await state(anna, theirs))["m.room.power_levels", ""]
        power["invite"] = 50
        await anna.asks("PUT", f"rooms/{theirs}/state/m.room.power_levels/", power)
        assert await reason(BringIn(other.user_id), theirs) == "no_right:invite"
        assert (await town.works.do(place, TagMember(anna.id, "KOOR"))).reason == "not_possible"
        assert (await town.works.do(place, MakeTopic("Thema"))).reason == "not_possible"


async def test_who_asks_to_come_in_gets_an_answer(synapse: Synapse, tmp_path: Path) -> None:
    bot, *logins = (synapse.user(n) for n in ("gnk-bot", "anna", "bernd"))
    async with (
        running(tmp_path, bot) as town,
        online(logins[0], tmp_path / "anna") as anna,
        online(logins[1], tmp_path / "bernd") as bernd,
    ):
        place = await town.works.made(room("anklopfen"))
        link = await town.works.made(MakeLink("Kernteam"), place)
        assert link == f"https://matrix.to/#/%23anklopfen%3A{NAME}"
        opener = synapse.call  # an administrator lets people knock
        path = f"/_matrix/client/v3/rooms/{place}/state/m.room.join_rules/"
        opener("PUT", path, {"join_rule": "knock"}, bot.access_token)
        for member in (anna, bernd):
            status, _ = await member.asks("POST", f"knock/{place}", {})
            assert status == 200
            await town.until(lambda who=member.id: f"asked  {who} channel Kernteam" in town.noted())
        assert (await town.works.twice(place, Admit(anna.id, True))).well
        await anna.is_invited(place)
        assert (await town.works.twice(place, Admit(bernd.id, False))).well
        # An old "no" does not put out who has come in meanwhile.
        assert await anna.enters(place)
        assert (await town.works.twice(place, Admit(anna.id, False))).well
        seen = (await town.works.do(place, Inspect())).told["members"]
        assert list(seen) == [anna.id]


# --- what is said there -------------------------------------------------------------------------


async def test_members_read_what_is_posted_while_they_are_in(
    synapse: Synapse, tmp_path: Path
) -> None:
    bot, login, other = (synapse.user(n) for n in ("gnk-bot", "anna", "bernd"))
    async with (
        running(tmp_path, bot) as town,
        online(login, tmp_path / "anna") as anna,
        online(other, tmp_path / "bernd") as bernd,
    ):
        place = await town.works.made(room("vertraulich"))
        await comes_in(town, anna, place)
        await anna.says(place, "!sag vor Bernd")
        assert (await anna.sees("vor Bernd")).encrypted
        await comes_in(town, bernd, place)
        await anna.meets(bernd.id, place)
        await anna.says(place, "!sag mit Bernd")
        together = await bernd.sees("mit Bernd")
        assert bernd.saw("vor Bernd") == 0 and bernd.unreadable == 0
        assert (await town.works.do(place, PutOut(bernd.id))).well
        await anna.says(place, "!sag ohne Bernd")
        alone = await anna.sees("ohne Bernd")
        had = {key.id for key in bernd.client.olm.inbound_group_store}
        assert await key_of(anna, together) in had
        assert await key_of(anna, alone) not in had


async def test_whoever_was_removed_gets_no_key_even_before_the_bot_hears_of_it(
    synapse: Synapse, tmp_path: Path
) -> None:
    bot, login, other = (synapse.user(n) for n in ("gnk-bot", "anna", "bernd"))
    async with between(synapse.address) as way:
        bot = type(bot)(way.address, bot.user_id, bot.access_token, bot.device_id)
        async with (
            running(tmp_path, bot) as town,
            online(login, tmp_path / "anna") as anna,
            online(other, tmp_path / "bernd") as bernd,
        ):
            place = await town.works.made(room("entfernt"))
            for member in (anna, bernd):
                await comes_in(town, member, place)
            await anna.meets(bernd.id, place)
            await town.works.say(place, "mit Bernd")
            await bernd.sees("mit Bernd")
            way.accident = lambda method, path: "hold" if path.endswith("/sync") else None
            await anna.says(place, "Der Bot hört von jetzt an nichts mehr.")
            await way.holding.wait()
            assert (await town.works.do(place, PutOut(bernd.id))).well
            await town.works.say(place, "ohne Bernd")
            alone = await anna.sees("ohne Bernd")
            await anna.says(place, "Ende")
            had = {key.id for key in bernd.client.olm.inbound_group_store}
            assert await key_of(anna, alone) not in had


async def key_of(member: Member, message: Heard) -> str:
    """Which key a message is encrypted with."""
    path = f"rooms/{message.room}/event/{message.id}"
    status, raw = await member.asks("GET", path)
    assert status == 200
    return str(raw["content"]["session_id"])


async def test_nothing_is_said_in_a_space(synapse: Synapse, tmp_path: Path) -> None:
    bot, login = synapse.user("gnk-bot"), synapse.user("anna")
    async with running(tmp_path, bot) as town, online(login, tmp_path / "anna") as anna:
        own = await town.works.made(space("stille"))
        await comes_in(town, anna, own)
        theirs = await anna.opens("", space=True, is_direct=True, invite=(bot.user_id,))
        await anna.meets(bot.user_id, theirs)
        for place in (own, theirs):
            # Two people, no name, offered as a direct chat: a space is a space.
            await anna.asks(
                "PUT",
                f"rooms/{place}/send/m.room.message/1",
                {"msgtype": "m.text", "body": "sag x"},
            )
        chat = await anna.chats_with(bot.user_id)
        await anna.says(chat, "sag da")
        await anna.sees("da")
        assert len(anna.heard) == 1

"""Choice, multiple choice and scoring as people live them, from preparation to result."""

from __future__ import annotations

from storage.models import Poll
from tests.polling import GROUP, ballots, begin, change_rules, close_poll
from tests.world import Somebody, Town

WAYS = ("Zu Fuß", "Mit dem Rad", "Mit dem Bus")
PLACES = ("Rathaus", "Schule", "Bad", "Bauhof", "Bücherei", "Feuerwache", "Markt", "Hafen")
WORKS = ("dämmen", "begrünen", "mit Photovoltaik decken", "barrierefrei umbauen", "entsiegeln")


async def prepare_typed(
    town: Town, method: str, options: tuple[str, ...], *last: str, sure: bool = True
) -> Somebody:
    """Coordination prepares a poll on typed options; ``last`` are the answers after the deadline:
    buttons, or words where nothing is called so."""
    who = town.coordination
    await begin(who, method)
    await who.press("Eigene Optionen")
    await who.says("\n".join(options))
    if "So lassen" in who.buttons():
        await who.press("So lassen")
    await who.says("Wie kommen wir zur Schule?")
    await who.press(GROUP)
    await who.press("Sofort")
    await who.says("19.01.2027 18:00")
    for answer in last:
        await (who.press(answer) if answer in " ".join(who.buttons()) else who.says(answer))
    if sure:
        await who.press("Veröffentlichen")
    return who


# --- choice ---------------------------------------------------------------------------------


async def test_one_option_is_chosen_changed_and_counted(any_town: Town) -> None:
    town = any_town
    change_rules(town, running_totals_visible=True)
    await prepare_typed(town, "Auswahl", WAYS, "Offen", "Stimmungsbild")
    assert "Jeder Sitz wählt eine Option." in town.group_a.newest()
    await town.group_a.press("Zu Fuß")
    assert town.group_a.toast == "Gespeichert."
    assert "Zu Fuß ◉" in town.group_a.newest() and "Mit dem Bus ○" in town.group_a.newest()
    await town.group_a.press("Mit dem Rad")
    assert "Zu Fuß ○" in town.group_a.newest() and "Mit dem Rad ◉" in town.group_a.newest()
    await town.fire_brigade.press("Mit dem Rad")
    await town.parish.press("Mit dem Bus")
    await town.school.press("Mit dem Bus")
    await town.school.press("Mit dem Bus")
    assert "zählt als Beteiligung" in town.school.newest()
    assert "Mit dem Rad – 2\u00a0Stimmen" in town.parish.sees(GROUP)

    await close_poll(town)
    seen = town.parish.sees(GROUP)
    assert "Verfahren: Auswahl. Jeder Sitz wählt eine Option. Abgestimmt haben 4 von 19" in seen
    assert "Ohne Auswahl: 1 Stimmzettel" in seen
    assert "1. Mit dem Rad – 2\u00a0Stimmen (50\u00a0%)" in seen
    assert "2. Mit dem Bus – 1\u00a0Stimme (25\u00a0%)" in seen
    assert "3. Zu Fuß – 0\u00a0Stimmen (0\u00a0%)" in seen


async def test_a_roll_call_says_who_chose_what_and_only_afterwards(town: Town) -> None:
    await prepare_typed(town, "Auswahl", WAYS, "Namentlich", "Stimmungsbild")
    await town.fire_brigade.press("Zu Fuß")
    assert "Stimme" not in town.parish.newest(GROUP).split("Zu Fuß")[1][:12]
    await close_poll(town)
    seen = town.parish.sees(GROUP)
    assert "Feuerwehr" in seen and ": Zu Fuß" in seen


async def test_a_secret_choice_is_named_nowhere_but_on_the_ballot(town: Town) -> None:
    await prepare_typed(town, "Auswahl", WAYS, "Geheim", "Stimmungsbild")
    await town.one_world_club.press("Mit dem Rad")
    assert town.one_world_club.toast == "Saved."
    assert "Chosen: Mit dem Rad" in town.one_world_club.newest()
    await town.seniors.press("Mit dem Rad")
    assert "Ihre Wahl: Mit dem Rad" in town.seniors.newest()


# --- multiple choice ------------------------------------------------------------------------


async def test_several_options_are_chosen_and_no_more_than_may_be(any_town: Town) -> None:
    town = any_town
    await prepare_typed(
        town,
        "Mehrfachauswahl",
        WAYS,
        "Offen",
        "Stimmungsbild",
        "Höchstens eine bestimmte Zahl",
        "2",
    )
    me = town.nature_club
    assert "Jeder Sitz wählt bis zu 2 Optionen." in me.newest()
    await me.press("Zu Fuß")
    await me.press("Mit dem Rad")
    assert me.toast == "Gespeichert. 2 von höchstens 2 gewählt."
    assert "Zu Fuß ☑" in me.newest() and "Mit dem Bus ☐" in me.newest()
    await me.press("Mit dem Bus")
    assert "Sie haben schon 2 Optionen gewählt" in me.toast
    assert [len(value) for value in ballots(town)] == [2], "nothing of it is lost"
    await me.press("Zu Fuß")
    assert "Mit dem Bus ☑" in await me.says("3"), "a number is a button of the card"
    assert [len(value) for value in ballots(town)] == [2]
    await town.group_a.press("Mit dem Bus")

    await close_poll(town)
    seen = town.group_a.sees(GROUP)
    assert "1. Mit dem Bus – 2\u00a0Nennungen (100\u00a0%)" in seen
    assert "2. Mit dem Rad – 1\u00a0Nennung (50\u00a0%)" in seen


async def test_more_than_there_is_cannot_be_asked_for(town: Town) -> None:
    who = await prepare_typed(
        town,
        "Mehrfachauswahl",
        WAYS,
        "Offen",
        "Stimmungsbild",
        "Höchstens eine bestimmte Zahl",
        "4",
        sure=False,
    )
    assert "Es gibt nur 3 Optionen" in who.toast + who.newest()
    assert town.all(Poll) == []


# --- scoring --------------------------------------------------------------------------------


async def test_forty_measures_need_forty_taps(town: Town) -> None:
    measures = tuple(f"{place} {work}" for place in PLACES for work in WORKS)
    assert len(measures) == 40
    await prepare_typed(
        town, "Bewertung", measures, "Offen", "Stimmungsbild", "0 bis 5", "Eine Bewertung je Option"
    )
    me = town.sports_club
    taps = 0
    for number, measure in enumerate(measures, start=1):
        assert f"{number} von 40" in me.newest() and measure in me.newest()
        message, action = score_button(me, str(number % 6))
        await me.presses(message, action)
        taps += 1
    assert taps == 40
    assert me.toast == "Gespeichert. 40 Optionen bewertet."
    assert "Alle 40 Optionen sind bewertet" in me.newest()
    (value,) = ballots(town)
    assert [*value.values()] == [number % 6 for number in range(1, 41)]

    await close_poll(town)
    seen = town.parish.sees(GROUP)
    assert "Mittelwert 5 (Median 5, Streuung 0, 1\u00a0Bewertung)" in seen


def score_button(who: Somebody, value: str) -> tuple[int, str]:
    """Message and action of a value's button on the newest ballot."""
    for message in reversed(who.messages()):
        for button in (b for row in message["buttons"] for b in row):
            if button["label"].split(" ✓")[0] == value:
                return message["id"], button["action"]
    raise AssertionError(f"no value {value!r} among {who.buttons()}")


async def score(who: Somebody, value: str) -> None:
    """Tap a value."""
    message, action = score_button(who, value)
    await who.presses(message, action)


async def test_options_are_skipped_corrected_and_typed(any_town: Town) -> None:
    town = any_town
    await prepare_typed(
        town, "Bewertung", WAYS, "Offen", "Stimmungsbild", "0 bis 5", "Eine Bewertung je Option"
    )
    me = town.group_b
    await me.press("Überspringen")
    await score(me, "3")
    assert "3 von 3" in me.newest() and "1 von 3 Optionen ist bewertet" in me.newest()
    await me.press("Zurück")
    assert "Mit dem Rad\nIhre Bewertung: 3" in me.newest() and "3 ✓" in me.newest()
    await score(me, "3")
    assert [*ballots(town)[0].values()] == [3], "a double tap takes nothing back"
    await me.press("Zurück")
    await me.press("Bewertung zurücknehmen")
    assert "zurückgenommen" in me.toast and ballots(town) == [{}]
    await me.says("0")
    (value,) = ballots(town)
    assert [*value.values()] == [0], "the value that was typed, not the button of that number"
    await me.says("6")
    assert "Es gehen nur ganze Zahlen von 0 bis 5" in me.toast + me.newest()
    await me.says("1=4 3=5")
    (value,) = ballots(town)
    assert sorted(value.values()) == [0, 4, 5]
    await me.says("1=4 9=5")
    assert "Option 9 gibt es nicht" in me.toast + me.newest()
    assert ballots(town) == [value]


async def test_criteria_are_weighed_exactly_and_typed_with_care(any_town: Town) -> None:
    town = any_town
    who = await prepare_typed(
        town,
        "Bewertung",
        WAYS,
        "Offen",
        "Stimmungsbild",
        "1 bis 10",
        "Nach gewichteten Kriterien",
        "Wirkung 60 %\nAufwand 30 %, umgekehrt",
        sure=False,
    )
    assert "Die Gewichte sind zusammen 90\u00a0%" in who.toast + who.newest()
    await who.says("Wirkung 60 %\nAufwand 40 %, umgekehrt")
    assert "Wirkung (60\u00a0%), Aufwand (40\u00a0%, weniger ist besser)" in who.newest()
    await who.press("Veröffentlichen")

    me = town.traders
    assert "A Wirkung (60\u00a0%): –" in me.newest()
    await score(me, "A 9")
    assert "Zu Fuß" in me.newest(), "the card stays until every criterion has its value"
    assert "0 von 3 Optionen fertig. Bei 1 Option fehlt noch ein Kriterium" in me.newest()
    await score(me, "B 2")
    assert "2 von 3" in me.newest() and "Mit dem Rad" in me.newest()
    await me.says("2=5/-")
    await town.parish.says("1=8/2")

    await close_poll(town)
    seen = me.sees(GROUP)
    # 0.6 × 9 + 0.4 × (11 − 2) = 9 and 0.6 × 8 + 0.4 × 9 = 8.4
    assert "1. Zu Fuß – Mittelwert 8,7 (Median 8,7, Streuung 0,3, 2\u00a0Bewertungen)" in seen
    assert "Mit dem Rad – ohne Bewertung, kein Rang" in seen
    assert "1 Bewertung zählt nicht mit: Dort fehlte ein Kriterium" in seen

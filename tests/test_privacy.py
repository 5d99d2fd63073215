"""The privacy notice."""

from __future__ import annotations

from storage.models import NoticeShown
from tests.world import Town


async def test_a_member_reads_the_notice_of_their_municipality(town: Town) -> None:
    notice = await town.group_a.says("/datenschutz")
    for point in (
        "Stadt Ilmbrück",
        "Stabsstelle Nachhaltigkeit",
        "Art. 6 Abs. 1",
        "keine Einwilligung",
        "Wie lange",
        "Widerspruch",
        "Datenschutzaufsicht",
    ):
        assert point in notice, point
    await town.group_a.says("/privacy")
    [shown] = town.all(NoticeShown, external_id="sg-08")
    assert shown.municipality_id == town.id and shown.shown_at == town.now


async def test_another_towns_member_reads_of_their_own(town: Town) -> None:
    notice = await town.neighbour.says("/datenschutz")
    assert "Tannwiesen" in notice and "Ilmbrück" not in notice


async def test_a_stranger_reads_that_they_are_linked_to_nobody_and_nothing_is_kept(
    town: Town,
) -> None:
    assert "mit niemandem verknüpft" in await town.somebody("gast").says("/datenschutz")
    assert town.all(NoticeShown) == []


async def test_each_language_has_the_notice(town: Town) -> None:
    assert "Controller" in await town.one_world_club.says("/privacy")
    assert "Wer ist verantwortlich?" in await town.seniors.says("/datenschutz")

"""Templates and series. This page says who may do what."""

from __future__ import annotations

from handlers.polls.templates import again, series, using
from handlers.polls.templates.actions import (
    BeginSeries,
    CloseSeries,
    DropTemplate,
    FromAnswers,
    KeepPlan,
    KeepPoll,
    OpenSeries,
    SecondReading,
    ShowSeries,
    Templates,
    UseTemplate,
)
from handlers.router import Role, Router

__all__ = ["router"]

router = Router("templates")
router.press(Templates, by=Role.CORE_TEAM)(using.show)
router.press(UseTemplate, by=Role.CORE_TEAM)(using.use)
router.press(DropTemplate, by=Role.CORE_TEAM)(using.drop)
router.press(KeepPlan, by=Role.CORE_TEAM)(using.keep_plan)
router.press(KeepPoll, by=Role.CORE_TEAM)(using.keep_poll)
router.form(again.ANSWERS)
router.press(FromAnswers, by=Role.CORE_TEAM)(again.from_answers)
router.press(SecondReading, by=Role.CORE_TEAM)(again.second_reading)
router.form(series.SERIES)
router.press(BeginSeries, by=Role.CORE_TEAM)(series.begin)
router.press(OpenSeries, by=Role.MEMBER, where="anywhere")(series.open_ballot)
router.press(ShowSeries, by=Role.LINKED, where="anywhere")(series.show)
router.press(CloseSeries, by=Role.CORE_TEAM)(series.close)
router.board("series")(series.board)
router.board("summary")(series.summary)

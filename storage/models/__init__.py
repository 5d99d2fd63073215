"""All tables; one file a subject."""

from storage.models.audit import AuditEvent
from storage.models.channels import Channel, ChannelMember
from storage.models.elections import LotDrawing
from storage.models.machinery import (
    Dialog,
    Inbox,
    Outbox,
    PlatformState,
    Posted,
    Timer,
    WebMessage,
)
from storage.models.people import (
    Account,
    Body,
    CodeTrial,
    Institution,
    Invitation,
    Membership,
    Municipality,
    NoticeShown,
    Person,
    Seat,
    SeatFiller,
)
from storage.models.poll_templates import PollSeries, PollTemplate
from storage.models.polls import (
    Ballot,
    BallotKey,
    Conflict,
    Poll,
    PollOption,
    RollPerson,
    RollSeat,
)
from storage.models.quickpolls import NativePoll, QuickPoll, QuickVote
from storage.models.recording import Recording
from storage.models.web_access import WebSession
from storage.models.work import FieldOfAction, Measure

__all__ = [
    "Account",
    "AuditEvent",
    "Ballot",
    "BallotKey",
    "Body",
    "Channel",
    "ChannelMember",
    "CodeTrial",
    "Conflict",
    "Dialog",
    "FieldOfAction",
    "Inbox",
    "Institution",
    "Invitation",
    "LotDrawing",
    "Measure",
    "Membership",
    "Municipality",
    "NativePoll",
    "NoticeShown",
    "Outbox",
    "Person",
    "PlatformState",
    "Poll",
    "PollOption",
    "PollSeries",
    "PollTemplate",
    "Posted",
    "QuickPoll",
    "QuickVote",
    "Recording",
    "RollPerson",
    "RollSeat",
    "Seat",
    "SeatFiller",
    "Timer",
    "WebMessage",
    "WebSession",
]

"""All tables; one file a subject."""

from storage.models.audit import AuditEvent
from storage.models.channels import Channel, ChannelMember
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
from storage.models.polls import Ballot, BallotKey, Poll, PollOption, RollPerson, RollSeat
from storage.models.quickpolls import NativePoll, QuickPoll, QuickVote
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
    "Dialog",
    "FieldOfAction",
    "Inbox",
    "Institution",
    "Invitation",
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
    "Posted",
    "QuickPoll",
    "QuickVote",
    "RollPerson",
    "RollSeat",
    "Seat",
    "SeatFiller",
    "Timer",
    "WebMessage",
    "WebSession",
]

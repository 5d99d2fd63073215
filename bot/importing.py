"""The import format: one municipality with its people, seats, channels and measures.

Described for those who write such files in docs/import-format.md. This module reads and judges a
file; it writes nothing.
"""

from datetime import date
from fractions import Fraction
from math import floor
from typing import Annotated, Literal, TypeAlias
from zoneinfo import available_timezones

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

from bot.importing_checks import cross_reference_errors
from bot.importing_sentences import MAX_SENTENCES, german_sentences
from bot.importing_yaml import NotReadable, read_yaml

Language: TypeAlias = Literal["de", "en", "de-simple"]
BodyKey: TypeAlias = Literal["coordination", "core_team", "steering_group"]
Secrecy: TypeAlias = Literal["open", "roll_call", "secret"]


def _date(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return date.fromisoformat(value) if len(value) == 10 else value
    except ValueError:
        return value


def _known_zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError(f"„{name}“ ist keine Zeitzone, wie sie „Europe/Berlin“ ist.")
    return name


def _each_once(values: list[str]) -> list[str]:
    twice = {value for value in values if values.count(value) > 1}
    if twice:
        raise ValueError(f"„{min(twice)}“ steht hier zweimal.")
    return values


# No control characters: they would reach chats, files and pictures.
Line = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, min_length=1, max_length=300, pattern=r"^[^\x00-\x1f\x7f]+$"
    ),
]
Paragraphs = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True,
        min_length=1,
        max_length=4000,
        pattern=r"^[^\x00-\x08\x0b-\x1f\x7f]+$",
    ),
]
Key = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]
Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,19}$")]
Month = Annotated[str, StringConstraints(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$")]
Day = Annotated[date, BeforeValidator(_date)]
Euro = Annotated[int, Field(ge=0, le=10**12)]
Days = Annotated[int, Field(ge=1, le=3650)]
Sdg = Annotated[int, Field(ge=1, le=17)]
Score = Annotated[int, Field(ge=1, le=5)]
Number: TypeAlias = int | float
Keys = Annotated[list[Key], AfterValidator(_each_once)]
Codes = Annotated[list[Code], AfterValidator(_each_once)]


class Part(BaseModel):
    """What all parts of a file have in common: no unknown field, no silent conversion."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, populate_by_name=True)


class Words(Part):
    """A line of text: German always, other languages where there are any."""

    de: Line
    en: Line | None = None
    de_simple: Line | None = Field(default=None, alias="de-simple")


class Prose(Part):
    """Text of one or more paragraphs, in the same languages."""

    de: Paragraphs
    en: Paragraphs | None = None
    de_simple: Paragraphs | None = Field(default=None, alias="de-simple")


class Municipality(Part):
    """The tenant. `contact` is what a stranger is told: who runs this and whom to ask."""

    slug: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{1,39}$")]
    name: Line
    kind: Literal["town", "municipality", "rural_municipality", "county"]
    timezone: Annotated[str, AfterValidator(_known_zone)] = "Europe/Berlin"
    languages: Annotated[list[Language], Field(min_length=1), AfterValidator(_each_once)] = Field(
        default=["de", "en", "de-simple"], validate_default=False
    )
    default_language: Language = "de"
    contact: Prose

    @model_validator(mode="after")
    def _default_is_offered(self) -> "Municipality":
        if self.default_language not in self.languages:
            raise ValueError(f"default_language „{self.default_language}“ fehlt unter languages.")
        return self


class Rules(Part):
    """The rules of procedure, as far as a vote follows them."""

    dots_per_seat: Annotated[int, Field(ge=1, le=50)] = 3
    max_dots_per_option: Annotated[int, Field(ge=1, le=50)] = 1
    quorum: Literal["none", "half", "more_than_half", "two_thirds"] = "more_than_half"
    majority: Literal["simple", "absolute", "two_thirds"] = "simple"
    majority_base: Literal["yes_and_no", "present", "all_seats"] = "yes_and_no"
    abstentions_count: bool = False
    chair_casting_vote: bool = False
    default_secrecy: Secrecy = "open"
    dots_running_totals_visible: bool = True
    secret_minimum_voters: Annotated[int, Field(ge=3, le=100)] = 5
    close_when_all_voted: bool = False
    small_group_minimum: Annotated[int, Field(ge=3, le=100)] = 3
    who_may_open: Literal["coordination", "core_team"] = "coordination"
    second_person_confirms: bool = False
    open_elections: bool = False
    second_reading: bool = False
    coordination_votes: bool = False

    @model_validator(mode="after")
    def _fit_together(self) -> "Rules":
        if self.max_dots_per_option > self.dots_per_seat:
            raise ValueError("max_dots_per_option darf nicht größer sein als dots_per_seat.")
        if self.majority == "simple" and self.majority_base != "yes_and_no":
            raise ValueError("Zu majority „simple“ gehört majority_base „yes_and_no“.")
        return self


class RemoveWithoutAsking(Part):
    """Whether people whose membership ended are removed at once; rooms of the bot's always."""

    matrix: bool = True
    telegram: bool = False


class Groups(Part):
    """How the bot keeps groups and rooms like the roster; see handlers.channels."""

    encrypted_rooms: bool = True
    remove_without_asking: RemoveWithoutAsking = RemoveWithoutAsking()


class Retention(Part):
    """Days after which something goes; see storage.retention.Periods."""

    deliveries: Days = 90
    invitations: Days = 90
    web_messages: Days = 180
    ballots: Days = 60
    cards: Days = 90
    former_members: Days = 183


class Body(Part):
    key: BodyKey
    name: Words


class Institution(Part):
    key: Key
    name: Words
    interest_group: Literal[
        "administration",
        "politics",
        "civil_society",
        "economy",
        "science",
        "education",
        "church",
        "advisory_board",
        "other",
    ]


class Accounts(Part):
    """Where a person is expected; an account is linked only by an invitation code."""

    telegram: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")] | None = None
    matrix: Annotated[str, StringConstraints(pattern=r"^@[^\s:@]+:[^\s@]{1,200}$")] | None = None


class Person(Part):
    """`name` is the designation of a role, not of a human being. Both days count as membership."""

    key: Key
    name: Words
    institution: Key | None = None
    office: Code | None = None
    bodies: Annotated[list[BodyKey], AfterValidator(_each_once)] = []
    role: Literal["member", "adviser", "facilitator", "guest"] = "member"
    language: Language | None = None
    from_: Day | None = Field(default=None, alias="from")
    until: Day | None = None
    accounts: Accounts = Accounts()

    @model_validator(mode="after")
    def _begins_before_it_ends(self) -> "Person":
        if self.from_ and self.until and self.until < self.from_:
            raise ValueError("until liegt vor from.")
        return self


class Seat(Part):
    """A right to vote: its holder, and who may stand in (in order)."""

    key: Key
    institution: Key | None = None
    body: Literal["steering_group"] = "steering_group"
    holder: Key
    deputies: Keys = []
    voting: bool = True


class Channel(Part):
    key: Key
    body: BodyKey
    title: Words
    platforms: Annotated[list[Literal["telegram", "matrix", "web"]], AfterValidator(_each_once)] = (
        Field(default=["web"], validate_default=False)
    )
    confidentiality: Literal["public", "closed"] = "closed"
    posting: Literal["members", "coordination"] = "members"


class Office(Part):
    code: Code
    name: Words
    kind: Literal["internal", "municipal_company", "external"] = "internal"


class Guideline(Part):
    code: Code
    text: Words


class FieldOfAction(Part):
    """`fixed`: set by the programme, not chosen by the steering group."""

    code: Code
    title: Words
    fixed: bool = False
    sdgs: list[Sdg] = []
    guidelines: list[Guideline] = []


class Indicator(Part):
    name: Words
    unit: Words
    baseline: Number
    baseline_year: Annotated[int, Field(ge=1990, le=2100)]
    target: Number


class StrategicGoal(Part):
    code: Code
    guideline: Code
    text: Words


class OperationalGoal(Part):
    code: Code
    strategic_goal: Code
    text: Words
    indicator: Indicator | None = None
    due: Day | None = None


class Goals(Part):
    strategic: list[StrategicGoal] = []
    operational: list[OperationalGoal] = []


class Period(Part):
    """First and last month, both included."""

    start: Month
    end: Month

    @model_validator(mode="after")
    def _begins_before_it_ends(self) -> "Period":
        if self.end < self.start:
            raise ValueError("end liegt vor start.")
        return self

    @property
    def months(self) -> int:
        (first_year, first), (last_year, last) = (
            map(int, month.split("-")) for month in (self.start, self.end)
        )
        return (last_year - first_year) * 12 + last - first + 1


class Scores(Part):
    """The office's own estimate, 1 to 5; 5 is best."""

    impact: Score | None = None
    feasibility: Score | None = None
    cost_efficiency: Score | None = None
    acceptance: Score | None = None


class Measure(Part):
    """`goal` is an operational goal of the same field. Amounts in whole euros."""

    code: Code
    field: Code
    goal: Code | None = None
    title: Words
    description: Prose | None = None
    kind: Literal[
        "investment",
        "information",
        "concept",
        "organisation",
        "service",
        "participation",
        "personnel",
        "partnership",
    ]
    status: Literal["new", "ongoing"] = "new"
    lead_office: Code | None = None
    partner_offices: Codes = []
    period: Period | None = None
    one_off_eur: Euro | None = None
    annual_eur: Euro | None = None
    funding: Annotated[list[Line], AfterValidator(_each_once)] = []
    staff_person_days: Annotated[int, Field(ge=0, le=100_000)] | None = None
    sdgs: list[Sdg] = []
    scores: Scores = Scores()

    @property
    def total_eur(self) -> int | None:
        """One-off and annual costs over the period, to the euro (half up); None if unknown."""
        if self.period is None or self.one_off_eur is None or self.annual_eur is None:
            return None
        yearly = Fraction(self.annual_eur * self.period.months, 12)
        return self.one_off_eur + floor(yearly + Fraction(1, 2))


class MunicipalityFile(Part):
    """A whole file, complete in itself: whatever it refers to is in it."""

    municipality: Municipality
    rules: Rules = Rules()
    retention: Retention = Retention()
    groups: Groups = Groups()
    privacy: Prose | None = None
    bodies: Annotated[list[Body], Field(min_length=1)]
    institutions: list[Institution] = []
    offices: list[Office] = []
    people: Annotated[list[Person], Field(min_length=1)]
    seats: list[Seat] = []
    channels: list[Channel] = []
    fields_of_action: list[FieldOfAction] = []
    goals: Goals = Goals()
    measures: list[Measure] = []

    @model_validator(mode="after")
    def _refers_to_what_is_there(self) -> "MunicipalityFile":
        if errors := cross_reference_errors(self):
            raise ValueError("\n".join(errors))
        return self


class ImportRefused(Exception):
    """Why a file was not accepted: `errors` holds German sentences, each with the place."""

    def __init__(self, errors: list[str]) -> None:
        super().__init__("\n".join(errors))
        self.errors = errors


def read_municipality(text: str) -> MunicipalityFile:
    """Reads and checks a file in the import format; raises ImportRefused with all that is wrong."""
    try:
        return MunicipalityFile.model_validate(read_yaml(text))
    except NotReadable as refusal:
        raise ImportRefused([str(refusal)]) from refusal
    except ValidationError as invalid:
        errors = german_sentences(invalid)
        more = len(errors) - MAX_SENTENCES
        if more > 0:
            errors = [*errors[:MAX_SENTENCES], f"Dazu kommen {more} weitere Fehler."]
        raise ImportRefused(errors) from invalid

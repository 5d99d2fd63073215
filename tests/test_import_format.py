"""The import format: the two demo municipalities are accepted, and mistakes are explained."""

from importlib.resources import files
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.importing import ImportRefused, MunicipalityFile, read_municipality
from bot.importing_yaml import MAX_BYTES, NotReadable, read_yaml

SMALL = """
municipality:
  slug: musterdorf
  name: Gemeinde Musterdorf
  kind: municipality
  contact: {de: Das Gemeindebüro betreibt diesen Bot.}
bodies:
  - {key: coordination, name: {de: Koordination}}
  - {key: steering_group, name: {de: Steuerungsgruppe}}
institutions:
  - {key: verein, name: {de: Verein}, interest_group: civil_society}
offices:
  - {code: GB, name: {de: Gemeindebüro}}
people:
  - {key: p-1, name: {de: Koordination}, office: GB, bodies: [coordination, steering_group]}
  - {key: p-2, name: {de: Vertretung Verein}, institution: verein, bodies: [steering_group]}
  - {key: p-3, name: {de: Stellvertretung Verein}, institution: verein}
seats:
  - {key: s-2, institution: verein, holder: p-2, deputies: [p-3]}
channels:
  - {key: alle, body: steering_group, title: {de: Steuerungsgruppe}}
fields_of_action:
  - code: T1
    title: {de: Klima}
    guidelines: [{code: L1, text: {de: Wir sparen Energie.}}]
  - {code: T2, title: {de: Verkehr}}
goals:
  strategic: [{code: S1, guideline: L1, text: {de: Bis 2040 klimaneutral.}}]
  operational: [{code: O1, strategic_goal: S1, text: {de: Bis 2030 halbiert.}, due: 2030-12-31}]
measures:
  - {code: M1, field: T1, goal: O1, title: {de: Dämmen}, kind: investment, lead_office: GB}
"""


def demo(name: str) -> str:
    return files("bot.demo").joinpath(name).read_text(encoding="utf-8")


def small(**changed: object) -> dict[str, Any]:
    """SMALL as data, with what a dotted path such as people__1__role is set to."""
    data: dict[str, Any] = yaml.safe_load(SMALL)
    data["goals"]["operational"][0]["due"] = "2030-12-31"
    for place, value in changed.items():
        *way, last = [int(step) if step.isdigit() else step for step in place.split("__")]
        target: Any = data
        for step in way:
            target = target[step]
        target[last] = value
    return data


def errors_of(data: object) -> list[str]:
    with pytest.raises(ImportRefused) as refused:
        read_municipality(yaml.safe_dump(data, allow_unicode=True))
    return refused.value.errors


def read(data: object) -> MunicipalityFile:
    return read_municipality(yaml.safe_dump(data, allow_unicode=True))


# The demo


def test_ilmbrueck_is_complete() -> None:
    town = read_municipality(demo("ilmbrueck.yaml"))
    assert town.municipality.slug == "ilmbrueck"
    assert [len(town.people), len(town.seats), len(town.measures)] == [33, 21, 40]
    assert sum(seat.voting for seat in town.seats) == 19
    assert [field.code for field in town.fields_of_action if field.fixed] == ["TF5"]
    assert len(town.goals.strategic) == 10 and len(town.goals.operational) == 20
    assert all(
        sum(measure.field == field.code for measure in town.measures) == 8
        for field in town.fields_of_action
    )
    assert town.rules.dots_per_seat == 3 and town.rules.max_dots_per_option == 2


def test_ilmbrueck_knows_both_messengers_and_three_languages() -> None:
    people = {person.key: person for person in read_municipality(demo("ilmbrueck.yaml")).people}
    assert people["sg-06"].accounts.telegram == "demo-tg-06"
    assert people["sg-06"].accounts.matrix == "@sg06:ilmbrueck.invalid"
    assert {person.language for person in people.values()} == {None, "de", "en", "de-simple"}
    assert {person.role for person in people.values()} == {"member", "adviser", "facilitator"}
    assert not people["sg-08-d"].bodies


def test_tannwiesen_is_small_and_another_place() -> None:
    village = read_municipality(demo("tannwiesen.yaml"))
    town = read_municipality(demo("ilmbrueck.yaml"))
    assert [len(village.people), len(village.seats), len(village.measures)] == [6, 4, 4]
    assert not {p.key for p in village.people} & {p.key for p in town.people}
    assert not {m.code for m in village.measures} & {m.code for m in town.measures}


def test_costs_over_the_period_are_rounded_once() -> None:
    measures = {m.code: m for m in read_municipality(demo("ilmbrueck.yaml")).measures}
    heat, light = measures["M1.04"], measures["M1.08"]
    assert heat.period and heat.period.months == 14 and heat.total_eur == 1_879_167
    assert light.total_eur == 19_167


def test_the_demo_polls_refer_to_what_is_in_the_town() -> None:
    town = read_municipality(demo("ilmbrueck.yaml"))
    measures = {measure.code for measure in town.measures}
    people = {person.key for person in town.people}
    polls: Any = read_yaml(demo("polls.yaml"))
    assert [len(polls["planned"]), len(polls["past"])] == [6, 6]
    for poll in polls["planned"]:
        assert set(poll["options"]) <= measures | {"yes", "no", "abstain"}
    for poll in polls["past"]:
        present = poll.get("voters_present", poll.get("returned"))
        assert 10 <= present <= 19
        if poll["method"] == "dots":
            assert sum(poll["tally"].values()) <= present * poll["dots_per_seat"]
        if poll["method"] in {"resolution", "election"}:
            assert sum(poll["tally"].values()) == present
        if poll["method"] == "election":
            assert set(poll["tally"]) - {"abstain"} <= people
        if poll["result"]["kind"] == "chosen":
            assert min(poll["tally"], key=poll["tally"].get) == poll["result"]["option"]


# What may be left out


def test_a_short_file_gets_the_usual_rules() -> None:
    village = read_municipality(SMALL)
    assert village.rules.dots_per_seat == 3 and village.rules.max_dots_per_option == 1
    assert village.rules.quorum == "more_than_half" and not village.rules.coordination_votes
    assert village.municipality.timezone == "Europe/Berlin"
    assert village.seats[0].voting and village.channels[0].confidentiality == "closed"
    assert str(village.goals.operational[0].due) == "2030-12-31"


def test_simple_language_is_written_with_a_hyphen() -> None:
    village = read(small(bodies__1__name={"de": "Steuerungsgruppe", "de-simple": "Alle"}))
    assert village.bodies[1].name.de_simple == "Alle"


# One mistake, one German sentence with its place


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        (
            {"people__1__institution": "xyz"},
            "people[1].institution: „xyz“ gibt es nicht unter institutions.",
        ),
        ({"people__0__office": "XY"}, "people[0].office: „XY“ gibt es nicht unter offices."),
        (
            {"people__1__bodies": ["core_team", "steering_group"]},
            "people[1].bodies: „core_team“ gibt es nicht unter bodies.",
        ),
        (
            {"people__0__bodies": ["coordination"]},
            "people[0].bodies: Wer zu coordination gehört, gehört auch zu steering_group.",
        ),
        (
            {"offices": [{"code": "GB", "name": {"de": name}} for name in ("Büro", "Bauhof")]},
            "offices[1].code: „GB“ kommt schon weiter oben vor.",
        ),
        ({"people__1__role": "chef"}, "people[1].role: „chef“ geht hier nicht; "),
        ({"people__1__until": "31.12.2027"}, "people[1].until: Hier gehört ein Tag hin"),
        ({"people__1__from": "2027-02-30"}, "people[1].from: Hier gehört ein Tag hin"),
        ({"people__1__telefon": "1"}, "people[1].telefon: Dieses Feld gibt es nicht."),
        ({"people__1__name": "Verein"}, "people[1].name: Hier gehören Felder hin"),
        ({"people__1__name": {"en": "Club"}}, "people[1].name.de: Das fehlt."),
        ({"people__1__name__de": "  "}, "people[1].name.de: Der Text darf nicht leer sein."),
        ({"people__1__name__de": "a\x07b"}, "people[1].name.de: „a\x07b“ hat nicht"),
        ({"people__1__name__de": "a" * 301}, "people[1].name.de: Der Text ist länger als 300"),
        ({"people__1__name__de": 5}, "people[1].name.de: Hier gehört Text hin."),
        (
            {"people__1__accounts": {"matrix": "sg06"}},
            "people[1].accounts.matrix: „sg06“ hat nicht die erwartete Form.",
        ),
        ({"people": []}, "people: Hier gehört mindestens ein Eintrag hin."),
        ({"seats__0__holder": "p-9"}, "seats[0].holder: „p-9“ gibt es nicht unter people."),
        ({"seats__0__deputies": ["p-9"]}, "seats[0].deputies: „p-9“ gibt es nicht unter people."),
        ({"seats__0__deputies": ["p-3", "p-3"]}, "seats[0].deputies: „p-3“ steht hier zweimal."),
        (
            {"seats__0__deputies": ["p-2"]},
            "seats[0]: „p-2“ kann nur einen Sitz innehaben oder vertreten.",
        ),
        ({"seats__0__holder": "p-1"}, "seats[0].voting: „p-1“ gehört zur Koordination und"),
        (
            {"people__1__role": "guest"},
            "seats[0].holder: „p-2“ ist nicht als member dabei und hat daher keinen Sitz.",
        ),
        ({"people__1__bodies": []}, "seats[0].holder: „p-2“ gehört nicht zu steering_group."),
        ({"channels__0__body": "core_team"}, "channels[0].body: „core_team“ gibt es nicht"),
        (
            {"goals__strategic__0__guideline": "L9"},
            "goals.strategic[0].guideline: „L9“ gibt es nicht unter",
        ),
        (
            {"goals__operational__0__strategic_goal": "S9"},
            "goals.operational[0].strategic_goal: „S9“ gibt es nicht unter goals.strategic.",
        ),
        ({"measures__0__field": "T9"}, "measures[0].field: „T9“ gibt es nicht unter"),
        ({"measures__0__field": "T2"}, "measures[0].goal: „O1“ gehört zum Themenfeld T1."),
        ({"measures__0__one_off_eur": "5.000"}, "measures[0].one_off_eur: Hier gehört eine ganze"),
        ({"measures__0__one_off_eur": -1}, "measures[0].one_off_eur: Erlaubt ist mindestens 0."),
        ({"measures__0__sdgs": [18]}, "measures[0].sdgs[0]: Erlaubt ist höchstens 17."),
        ({"measures__0__sdgs": 7}, "measures[0].sdgs: Hier gehört eine Liste hin."),
        (
            {"measures__0__period": {"start": "2028-02", "end": "2028-01"}},
            "measures[0].period: end liegt vor start.",
        ),
        (
            {"municipality__timezone": "Berlin"},
            "municipality.timezone: „Berlin“ ist keine Zeitzone",
        ),
        (
            {"municipality__languages": ["en"]},
            "municipality: default_language „de“ fehlt unter languages.",
        ),
        ({"municipality__slug": "Ort!"}, "municipality.slug: „Ort!“ hat nicht die erwartete"),
        (
            {"rules": {"dots_per_seat": 2, "max_dots_per_option": 3}},
            "rules: max_dots_per_option darf nicht größer sein als dots_per_seat.",
        ),
        (
            {"rules": {"majority_base": "present"}},
            "rules: Zu majority „simple“ gehört majority_base „yes_and_no“.",
        ),
        (
            {"rules": {"abstentions_count": "nein"}},
            "rules.abstentions_count: Hier gehört true oder false hin.",
        ),
    ],
)
def test_a_mistake_is_one_sentence_with_its_place(
    changed: dict[str, object], sentence: str
) -> None:
    errors = errors_of(small(**changed))
    assert len(errors) == 1 and errors[0].startswith(sentence)
    assert errors[0].endswith(".")


def test_person_language_and_account_belong_to_the_municipality_and_to_one_person() -> None:
    data = small(
        municipality__languages=["de"],
        people__1__language="en",
        people__1__accounts={"telegram": "1"},
        people__2__accounts={"telegram": "1"},
    )
    assert errors_of(data) == [
        "people[1].language: „en“ gibt es nicht unter municipality.languages.",
        "people[2].accounts.telegram: „1“ gehört schon einer anderen Person.",
    ]


def test_membership_ends_after_it_began() -> None:
    data = small()
    data["people"][1] |= {"from": "2027-05-01", "until": "2027-04-30"}
    assert errors_of(data) == ["people[1]: until liegt vor from."]


def test_an_indicator_takes_whole_and_decimal_numbers_and_reports_others_once() -> None:
    indicator = {
        "name": {"de": "Wald"},
        "unit": {"de": "Hektar"},
        "baseline": 1.5,
        "baseline_year": 2025,
        "target": 12,
    }
    goal = read(small(goals__operational__0__indicator=indicator)).goals.operational[0]
    assert goal.indicator and (goal.indicator.baseline, goal.indicator.target) == (1.5, 12)
    wrong = small(goals__operational__0__indicator=indicator | {"target": "1,5"})
    assert errors_of(wrong) == [
        "goals.operational[0].indicator.target: Hier gehört eine Zahl hin, mit Punkt statt Komma."
    ]


def test_all_mistakes_are_told_at_once_but_not_without_end() -> None:
    data = small(people__1__role="chef", measures__0__kind="bau", municipality__name=None)
    assert [error.partition(":")[0] for error in errors_of(data)] == [
        "municipality.name",
        "people[1].role",
        "measures[0].kind",
    ]
    many = errors_of(small(people=[{"key": "x"} for _ in range(150)]))
    assert len(many) == 101 and many[-1] == "Dazu kommen 50 weitere Fehler."


@pytest.mark.parametrize("text", ["- a\n- b", "Hallo", "5", "~"])
def test_what_is_no_municipality_is_refused(text: str) -> None:
    with pytest.raises(ImportRefused, match="Datei: Hier gehören Felder hin"):
        read_municipality(text)


# YAML from somebody else


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a: 1\nb: 2\na: 3", "Zeile 3: „a“ steht hier zweimal."),
        ("a: &x [1]\nb: *x", "Zeile 1: Anker und Verweise"),
        ("a: *x", "Zeile 1: Anker und Verweise"),
        ("a: !!python/object/apply:os.getcwd []", "Zeile 1: Typangaben"),
        ("a: !!timestamp 2027-01-01", "Zeile 1: Typangaben"),
        ("? [a]\n: b", "Zeile 1: Ein Feldname"),
        ("--- a\n--- b", "Zeile 2: Hier beginnt ein zweites Dokument"),
        ("[" * 100_000, "Zeile 1: Hier ist mehr als 20-fach verschachtelt."),
        ("a: [1", "Zeile 1: Das ist kein gültiges YAML."),
        ("a: b\n- c", "Zeile 2: Das ist kein gültiges YAML."),
        ("a: \x00", "Zeichen, die in YAML nicht erlaubt sind."),
        ("", "Die Datei ist leer."),
        ("# nur ein Kommentar", "Die Datei ist leer."),
        ("a" * (MAX_BYTES + 1), "größer als 5 MB"),
    ],
)
def test_unsafe_or_broken_yaml_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(ImportRefused) as refused:
        read_municipality(text)
    assert len(refused.value.errors) == 1 and sentence in refused.value.errors[0]


def test_many_small_anchors_never_grow() -> None:
    laughs = "a0: &a0 [ha]\n" + "".join(
        f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 30)
    )
    with pytest.raises(NotReadable, match="Anker"):
        read_yaml(laughs)


def test_text_stays_the_text_it_looks_like() -> None:
    words = ["no", "2027-01-01", "18:00", "099", "0x1f", "1e5", "on", "1_000", "=", "<<"]
    assert read_yaml("\n".join(f"- {word}" for word in words)) == words
    assert read_yaml("['1', \"true\", '']") == ["1", "true", ""]
    assert read_yaml("[1, -2, 1.5, true, false, null, ~, 0]") == [
        1, -2, 1.5, True, False, None, None, 0,
    ]  # fmt: skip


def test_half_a_surrogate_is_refused_not_stored() -> None:
    data = SMALL.replace("{de: Verein}", '{de: "\\ud800"}')
    with pytest.raises(ImportRefused, match="institutions"):
        read_municipality(data)


# U+0085 (next line): the library writes it as a bare line break, and itself reads it as a space.
letters = st.characters(exclude_categories=["Cs"], exclude_characters="\x85")
plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**17), 10**17) | st.text(letters, max_size=30),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(letters, max_size=9), inner)
    ),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(plain)
def test_reads_back_what_a_yaml_library_wrote(data: object) -> None:
    class Plain(yaml.SafeDumper):
        def ignore_aliases(self, data: object) -> bool:
            return True

    written = yaml.dump(data, Dumper=Plain, allow_unicode=True)
    if "!!" not in written:
        assert read_yaml(written) == data


@settings(max_examples=150, deadline=None)
@given(st.text() | st.text(alphabet="ab:-[]{}&*!|>'\"#%@`,? \n\t0.~<"))
def test_any_text_is_read_or_refused_in_words(text: str) -> None:
    with pytest.raises(ImportRefused) as refused:
        read_municipality(text)
    assert refused.value.errors and all(refused.value.errors)

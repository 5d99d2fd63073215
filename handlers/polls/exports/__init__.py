"""The files of a result: to print, to calculate with, to check and to count again. Pure.

A frozen result and its method's looks in, bytes out; no storage, no clock. What each file holds
and how to check it is said in ``docs/result-files.md``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from handlers.chat import Text
from handlers.polls.exports import frozen, matrix, paper, recount, tables
from handlers.polls.exports.content import Frame, content
from handlers.polls.exports.picture import Words
from handlers.polls.facts import ResultFacts
from handlers.polls.methods import Method, Views


class Format(StrEnum):
    """A kind of file."""

    DOCX = "docx"
    """The result sheet: an annex to the minutes."""
    XLSX = "xlsx"
    ODS = "ods"
    CSV = "csv"
    JSON = "json"
    """Everything that is frozen, so that the check sum can be recomputed."""
    MATRIX = "png"
    """The effort–benefit matrix of a result by score, as a picture."""
    PABULIB = "pb"
    """Ballots on a budget, to be counted again by other software."""
    PREFLIB = "preflib"
    """Rankings, to be counted again by other software."""


MIMES = {
    Format.DOCX: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    Format.ODS: "application/vnd.oasis.opendocument.spreadsheet",
    Format.CSV: "text/csv",
    Format.JSON: "application/json",
    Format.MATRIX: "image/png",
    Format.PABULIB: "text/plain",
    Format.PREFLIB: "text/plain",
}


@dataclass(frozen=True, slots=True)
class File:
    """A file to send."""

    name: str
    mime: str
    data: bytes


def offered(facts: ResultFacts, method: Method) -> tuple[Format, ...]:
    """The kinds of file that this result has, the one that most people want first.

    Tables want something counted. Single ballots are handed out only where that tells nobody who
    chose what (``recount.may_be_given``).
    """
    kinds = [Format.DOCX]
    if facts.cast and not facts.withheld:
        kinds += [Format.XLSX, Format.ODS, Format.CSV]
    if matrix.of_score(facts, "") is not None:
        kinds.append(Format.MATRIX)
    kinds.append(Format.JSON)
    if recount.may_be_given(facts):
        if method.name == "budget":
            kinds.append(Format.PABULIB)
        elif method.name == "ranking":
            kinds.append(Format.PREFLIB)
    return tuple(kinds)


def file(facts: ResultFacts, views: Views, kind: Format, words: Words, frame: Frame) -> File:
    """The file of this kind; only what ``offered`` names.

    ``words`` writes a text in the reader's language, without markup. Raises ValueError for a kind
    that this result does not have.
    """
    ending = str(kind)
    match kind:
        case Format.JSON:
            data = frozen.document(facts, frame)
        case Format.MATRIX:
            picture = matrix.drawn(facts, words, frame)
            if picture is None:
                raise ValueError("this result has no effort and benefit")
            data = picture.png
        case Format.PABULIB:
            data = recount.pabulib(facts, words, frame)
        case Format.PREFLIB:
            ending, data = recount.preflib(facts, words, frame)
        case Format.DOCX:
            data = paper.docx(content(facts, views, words, frame), frame)
        case Format.XLSX:
            data = tables.xlsx(content(facts, views, words, frame), frame)
        case Format.ODS:
            data = tables.ods(content(facts, views, words, frame), frame)
        case Format.CSV:
            data = tables.csv(content(facts, views, words, frame), frame)
    name = words(Text("exports.file_name", number=str(facts.poll), ending=ending))
    return File(name, MIMES[kind], data)

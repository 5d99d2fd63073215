"""The result sheet as ``.docx``: an annex to the minutes that people and screen readers can read.

Pure. Headings are headings, tables have head rows that repeat, the picture has words, and the
document names its language and title (what PDF/UA and EN 301 549 ask of office documents).
"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from handlers.polls.documents import png_size
from handlers.polls.exports.content import Cell, Content, Frame, Grid
from handlers.polls.exports.opendocument import LOCALES
from handlers.polls.exports.picture import Drawn

FONT, MONOSPACED = "Arial", "Courier New"
_INK, _QUIET, _SHADE = "16202A", "45525E", "E9EEF3"
_STYLES = (
    # Name, size, bold, ink, points before and after.
    ("Normal", 10, False, _INK, 0, 6),
    ("Over", 10, False, _QUIET, 0, 6),
    ("Title", 20, True, _INK, 0, 6),
    ("Status", 10, True, _INK, 0, 6),
    ("Heading 1", 13, True, _INK, 14, 4),
    ("Heading 2", 11, True, _INK, 10, 4),
    ("List Bullet", 10, False, _INK, 0, 3),
    ("Footer", 9, False, _QUIET, 0, 0),
    ("Check", 9, False, _INK, 0, 6),
)
_WIDTH_CM, _HIGHEST_CM = 16.0, 21.0
_FACTS_CM = (5.5, 10.5)
_CONTROLS = re.compile("[\0-\x08\x0b-\x1f\ufffe\uffff]")


def docx(content: Content, frame: Frame) -> bytes:
    """The sheet's bytes."""
    from docx import Document

    document = Document()
    _set_up(document, content, frame)
    _line(document, content.over, "Over")
    _line(document, content.title, "Title")
    _line(document, content.status, "Status")
    _heading(document, content.facts_head)
    _facts(document, content, frame)
    _outcome(document, content, frame)
    if content.excluded:
        _heading(document, content.excluded_head)
        for words in content.excluded:
            _line(document, words, "List Bullet")
    if content.roll is not None:
        _heading(document, content.roll.name)
        _table(document, content.roll, frame)
    _proof(document, content)
    written = io.BytesIO()
    document.save(written)
    return written.getvalue()


def _outcome(document: Any, content: Content, frame: Frame) -> None:
    _heading(document, content.outcome_head)
    for paragraph in content.outcome:
        _line(document, paragraph)
    for picture in filter(None, (content.picture, content.matrix)):
        _picture(document, picture)
    for grid in content.tables:
        if grid.name != content.outcome_head:
            _heading(document, grid.name, 2)
        _table(document, grid, frame)
    if content.groups:
        _heading(document, content.groups_head)
        for grid in content.groups:
            _heading(document, grid.name, 2)
            _table(document, grid, frame)


def _proof(document: Any, content: Content) -> None:
    _heading(document, content.proof_head)
    _line(document, content.proof[0])
    _line(document, content.digest, "Check")
    for words in content.proof[1:]:
        _line(document, words)
    if content.checks:
        _line(document, content.checks_head)
        _line(document, "  ".join(content.checks), "Check")


# --- set-up --------------------------------------------------------------------------------


def _set_up(document: Any, content: Content, frame: Frame) -> None:
    from docx.shared import Cm

    section = document.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin = section.right_margin = Cm(2.5)
    section.top_margin, section.bottom_margin = Cm(2.2), Cm(2)
    about = document.core_properties
    about.title, about.author = _clean(content.title)[:255], _clean(frame.town)[:255]
    about.subject, about.language = _clean(content.over)[:255], LOCALES[frame.language][0]
    about.comments = about.keywords = ""
    about.created = about.modified = content.closed_at.replace(tzinfo=None)
    about.last_modified_by = ""
    # The picture of an empty page that comes with the library's template.
    rels = document.part.package.rels
    for rel in [rel for rel in rels.values() if rel.reltype.endswith("/thumbnail")]:
        del rels[rel.rId]
    _dress_styles(document)
    _speak(document, frame)
    _foot(section.footer.paragraphs[0], content)


def _dress_styles(document: Any) -> None:
    """One sans serif, dark on white, with the styles of the template where it has them."""
    from docx.enum.style import WD_STYLE_TYPE
    from docx.shared import Pt, RGBColor

    for name, size, bold, ink, before, after in _STYLES:
        if name in document.styles:
            style = document.styles[name]
        else:
            style = document.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
            style.base_style = document.styles["Normal"]
        _plain(style)
        _font(style, MONOSPACED if name == "Check" else FONT)
        style.font.size, style.font.bold = Pt(size), bold
        style.font.color.rgb = RGBColor.from_string(ink)
        style.paragraph_format.space_before = Pt(before)
        style.paragraph_format.space_after = Pt(after)


def _font(style: Any, name: str) -> None:
    """For all scripts: what the template's theme says would win otherwise."""
    from docx.oxml.ns import qn

    style.font.name = name
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    for script in ("ascii", "hAnsi", "cs", "eastAsia"):
        fonts.set(qn(f"w:{script}"), name)
        fonts.attrib.pop(qn(f"w:{script}Theme"), None)
    fonts.attrib.pop(qn("w:cstheme"), None)


def _plain(style: Any) -> None:
    """Without the template's rules, and without a twin for single words that looks otherwise."""
    from docx.oxml.ns import qn

    properties = style.element.get_or_add_pPr()
    for border in properties.findall(qn("w:pBdr")):
        properties.remove(border)
    for link in style.element.findall(qn("w:link")):
        style.element.remove(link)


def _speak(document: Any, frame: Frame) -> None:
    """In which language it is read out."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    root = document.styles.element
    (defaults,) = root.xpath("w:docDefaults/w:rPrDefault/w:rPr")
    language = defaults.find(qn("w:lang"))
    if language is None:
        language = OxmlElement("w:lang")
        defaults.append(language)
    language.set(qn("w:val"), LOCALES[frame.language][0])


def _foot(paragraph: Any, content: Content) -> None:
    from docx.enum.text import WD_TAB_ALIGNMENT
    from docx.shared import Cm

    stops = paragraph.paragraph_format.tab_stops
    stops.add_tab_stop(Cm(_WIDTH_CM), WD_TAB_ALIGNMENT.RIGHT)
    # The template's style has stops in the middle and at the right of a letter page.
    for stop in paragraph.style.paragraph_format.tab_stops:
        stops.add_tab_stop(stop.position, WD_TAB_ALIGNMENT.CLEAR)
    paragraph.add_run(_clean(f"{content.foot}\t{content.page} "))
    _field(paragraph, "PAGE")
    paragraph.add_run(_clean(f" {content.of_pages} "))
    _field(paragraph, "NUMPAGES")


def _field(paragraph: Any, code: str) -> None:
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    field = OxmlElement("w:fldSimple")
    field.set(qn("w:instr"), code)
    run = OxmlElement("w:r")
    words = OxmlElement("w:t")
    words.text = "1"
    run.append(words)
    field.append(run)
    paragraph._p.append(field)


# --- parts ---------------------------------------------------------------------------------


def _line(document: Any, words: str, style: str = "Normal") -> Any:
    return document.add_paragraph(_clean(words), style=style)


def _heading(document: Any, words: str, level: int = 1) -> None:
    document.add_heading(_clean(words), level)


def _facts(document: Any, content: Content, frame: Frame) -> None:
    """What and how much, side by side; the left column are the headings of the rows."""
    table = document.add_table(rows=0, cols=2)
    _dress(table, content.facts_head, head_row=False)
    for label, value in content.facts:
        left, right = table.add_row().cells
        _write(left, label, bold=True)
        _write(right, _shown(value, frame, decimals=False))
    _widths(table, _FACTS_CM)


def _table(document: Any, grid: Grid, frame: Frame) -> None:
    from docx.enum.text import WD_ALIGN_PARAGRAPH

    table = document.add_table(rows=1, cols=len(grid.head))
    _dress(table, grid.name, head_row=True)
    numeric = [_is_numeric(grid, column) for column in range(len(grid.head))]
    decimals = [_has_decimals(grid, column) for column in range(len(grid.head))]
    for column, words in enumerate(grid.head):
        cell = table.rows[0].cells[column]
        paragraph = _write(cell, words, bold=True)
        if numeric[column]:
            paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
        _shade(cell)
    for row in grid.rows:
        for column, (cell, value) in enumerate(zip(table.add_row().cells, row, strict=True)):
            paragraph = _write(cell, _shown(value, frame, decimals=decimals[column]))
            if numeric[column]:
                paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    for row in table.rows:
        _in_one_piece(row)
    _widths(table, _shares(grid))
    _line(document, "")


def _is_numeric(grid: Grid, column: int) -> bool:
    cells = [row[column] for row in grid.rows]
    return not any(isinstance(c, str) for c in cells) and any(c is not None for c in cells)


def _has_decimals(grid: Grid, column: int) -> bool:
    cells = (row[column] for row in grid.rows)
    return any(isinstance(c, Fraction) and c.denominator != 1 for c in cells)


def _shown(value: Cell, frame: Frame, *, decimals: bool) -> str:
    """A number as people write it; two decimals where any number of the column has some."""
    if value is None:
        return "–"
    if isinstance(value, str):
        return value
    shown = f"{float(value):,.2f}" if decimals else f"{int(value):,}"
    if frame.language != "en":
        shown = shown.translate(str.maketrans(",.", ".,"))
    return shown.replace("-", "−")


def _shares(grid: Grid) -> tuple[float, ...]:
    """Room for each column, by its longest words."""
    lines = [[str(cell) for cell in row] for row in (grid.head, *grid.rows)]
    longest = [
        min(max(len(word) for row in lines for word in row[c : c + 1]), 40)
        for c in range(len(grid.head))
    ]
    wanted = [max(n, 6) for n in longest]
    return tuple(_WIDTH_CM * n / sum(wanted) for n in wanted)


def _picture(document: Any, picture: Drawn) -> None:
    from docx.shared import Cm

    across, down = png_size(picture.png)
    width = min(_WIDTH_CM, _HIGHEST_CM * across / down)
    shape = document.add_picture(io.BytesIO(picture.png), width=Cm(width))
    properties = shape._inline.docPr
    properties.set("descr", _clean(picture.alt))
    properties.set("name", "chart")


def _dress(table: Any, name: str, *, head_row: bool) -> None:
    """Thin lines, a name, and which row or column is the heading."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    table.style = "Table Grid"
    table.autofit = False
    look = table._tbl.tblPr.find(qn("w:tblLook"))
    if look is None:
        look = OxmlElement("w:tblLook")
        table._tbl.tblPr.append(look)
    for name, on in (("firstRow", head_row), ("firstColumn", not head_row)):
        look.set(qn(f"w:{name}"), "1" if on else "0")
    caption = OxmlElement("w:tblCaption")
    caption.set(qn("w:val"), _clean(name))
    look.addnext(caption)
    if head_row:
        properties = table.rows[0]._tr.get_or_add_trPr()
        properties.append(OxmlElement("w:tblHeader"))


def _in_one_piece(row: Any) -> None:
    """No row is torn apart between two pages."""
    from docx.oxml import OxmlElement

    row._tr.get_or_add_trPr().insert(0, OxmlElement("w:cantSplit"))


def _widths(table: Any, centimetres: Sequence[float]) -> None:
    from docx.shared import Cm

    for column, width in zip(table.columns, centimetres, strict=True):
        column.width = Cm(width)
        for cell in column.cells:
            cell.width = Cm(width)


def _write(cell: Any, words: str, *, bold: bool = False) -> Any:
    from docx.shared import Pt

    paragraph = cell.paragraphs[0]
    paragraph.paragraph_format.space_after = Pt(2)
    paragraph.paragraph_format.space_before = Pt(2)
    for number, line in enumerate(_clean(words).split("\n")):
        run = paragraph.add_run(line)
        run.bold = bold or None
        if number:
            run._r.insert(0, _break())
    return paragraph


def _break() -> Any:
    from docx.oxml import OxmlElement

    return OxmlElement("w:br")


def _shade(cell: Any) -> None:
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    shade = OxmlElement("w:shd")
    for name, value in (("val", "clear"), ("color", "auto"), ("fill", _SHADE)):
        shade.set(qn(f"w:{name}"), value)
    cell._tc.get_or_add_tcPr().append(shade)


def _clean(words: str) -> str:
    return _CONTROLS.sub("", words)

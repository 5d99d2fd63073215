"""Sheets as an OpenDocument spreadsheet (``.ods``, OASIS OpenDocument 1.3). Pure."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

if TYPE_CHECKING:
    from odfdo import Cell, Table

LOCALES = {
    "de": ("de-DE", "de", "DE"),
    "de-simple": ("de-DE", "de", "DE"),
    "en": ("en-GB", "en", "GB"),
}
"""BCP 47, language, country."""

_CENTIMETRES = 0.21
"""Of a character, in ten points of the usual sans serif."""


@dataclass(frozen=True, slots=True)
class Page:
    """A sheet. ``widths`` are in characters; the first row is the head."""

    name: str
    rows: Sequence[Sequence[Fraction | int | str | None]]
    widths: Sequence[int]
    decimals: frozenset[int]
    landscape: bool


def written(pages: Sequence[Page], language: str, title: str, foot: tuple[str, str, str]) -> bytes:
    """The spreadsheet's bytes; ``foot`` is what stands at the foot, "page" and "of"."""
    from odfdo import Document, Element

    document = Document("spreadsheet")
    # The library's own template is in French, with a picture of an empty sheet.
    for part in document.get_parts():
        if part.startswith(_LEFTOVERS):
            document.del_part(part)
    for path in document.manifest.get_paths():
        if path.startswith(_LEFTOVERS):
            document.manifest.del_full_path(path)
    document.set_part("styles.xml", _styles(language, foot).encode())
    document.set_part("settings.xml", _settings(pages).encode())
    (automatic,) = document.content.get_elements("//office:automatic-styles")
    for old in automatic.children:
        automatic.delete(old)
    for landscape in (False, True):
        automatic.append(Element.from_tag(_TABLE_STYLE.format(name=_orientation(landscape))))
    for width in sorted({width for page in pages for width in page.widths}):
        centimetres = f"{width * _CENTIMETRES:.2f}cm"
        automatic.append(Element.from_tag(_COLUMN_STYLE.format(width=width, room=centimetres)))
    document.body.clear()
    for page in pages:
        document.body.append(_table(page))
    document.meta.title = title
    document.meta.language = LOCALES[language][0]
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def _table(page: Page) -> Table:
    from odfdo import Column, Element, Row, Table

    table = Table(page.name, style=_orientation(page.landscape))
    for width in page.widths:
        table.append(Column(style=f"Width{width}"))
    for number, row in enumerate(page.rows):
        made = Row()
        for column, value in enumerate(row):
            made.append_cell(_cell(value, head=number == 0, decimal=column in page.decimals))
        if number == 0:
            # Repeated on every printed page, and read out as headings.
            head = Element.from_tag("<table:table-header-rows/>")
            head.append(made)
            table.append(head)
        else:
            table.append(made)
    return table


def _cell(value: Fraction | int | str | None, *, head: bool, decimal: bool) -> Cell:
    from odfdo import Cell, Paragraph

    if value is None:
        return Cell()
    if isinstance(value, str):
        cell = Cell(style="Head" if head else "Words")
        cell.set_attribute("office:value-type", "string")
        for line in value.split("\n"):
            cell.append(Paragraph(line))
        return cell
    number = int(value) if value == int(value) else float(value)
    return Cell(value=number, cell_type="float", style="Decimal" if decimal else "Whole")


def _orientation(landscape: bool) -> str:
    return "Landscape" if landscape else "Portrait"


_LEFTOVERS = ("Thumbnails/", "Configurations2/")

_TABLE_STYLE = (
    '<style:style style:name="{name}" style:family="table" style:master-page-name="{name}">'
    '<style:table-properties table:display="true"/></style:style>'
)
_COLUMN_STYLE = (
    '<style:style style:name="Width{width}" style:family="table-column">'
    '<style:table-column-properties style:column-width="{room}"/></style:style>'
)
_NUMBER_STYLE = (
    '<number:number-style style:name="N{name}" number:language="{language}"'
    ' number:country="{country}"><number:number number:decimal-places="{places}"'
    ' number:min-decimal-places="{places}" number:min-integer-digits="1" number:grouping="true"/>'
    '</number:number-style><style:style style:name="{name}" style:family="table-cell"'
    ' style:parent-style-name="Default" style:data-style-name="N{name}">'
    '<style:table-cell-properties style:vertical-align="top"/></style:style>'
)
_PAGE_STYLE = (
    '<style:page-layout style:name="P{name}"><style:page-layout-properties'
    ' fo:page-width="{width}" fo:page-height="{height}" style:print-orientation="{small}"'
    ' fo:margin="2cm" style:scale-to-X="1" style:scale-to-Y="0"/>'
    "<style:footer-style><style:header-footer-properties"
    ' fo:min-height="0.8cm" fo:margin-top="0.3cm"/></style:footer-style></style:page-layout>'
)
_MASTER = (
    '<style:master-page style:name="{name}" style:page-layout-name="P{name}"><style:footer>'
    "<text:p>{foot} · {page} <text:page-number>1</text:page-number> {of}"
    " <text:page-count>1</text:page-count></text:p></style:footer></style:master-page>"
)
_NAMESPACES = " ".join(
    f'xmlns:{short}="urn:oasis:names:tc:opendocument:xmlns:{long}:1.0"'
    for short, long in (
        ("office", "office"),
        ("style", "style"),
        ("text", "text"),
        ("table", "table"),
        ("number", "datastyle"),
        ("fo", "xsl-fo-compatible"),
        ("config", "config"),
    )
)


def _styles(language: str, foot: tuple[str, str, str]) -> str:
    """Cells, numbers in the language's own form, and A4 pages of both orientations."""
    _, tongue, country = LOCALES[language]
    said, page, of = map(escape, foot)
    numbers = "".join(
        _NUMBER_STYLE.format(name=name, language=tongue, country=country, places=places)
        for name, places in (("Whole", 0), ("Decimal", 2))
    )
    sizes = (("Portrait", "21cm", "29.7cm"), ("Landscape", "29.7cm", "21cm"))
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-styles {_NAMESPACES}'
        ' office:version="1.3"><office:styles>'
        '<style:default-style style:family="table-cell"><style:text-properties'
        ' fo:font-family="Arial" fo:font-size="10pt"'
        f' fo:language="{tongue}" fo:country="{country}"/></style:default-style>'
        '<style:style style:name="Default" style:family="table-cell"/>'
        '<number:text-style style:name="NWords"><number:text-content/></number:text-style>'
        '<style:style style:name="Words" style:family="table-cell"'
        ' style:parent-style-name="Default" style:data-style-name="NWords">'
        '<style:table-cell-properties fo:wrap-option="wrap" style:vertical-align="top"/>'
        '</style:style><style:style style:name="Head" style:family="table-cell"'
        ' style:parent-style-name="Words"><style:table-cell-properties'
        ' fo:background-color="#e9eef3" fo:border-bottom="0.5pt solid #45525e"/>'
        f'<style:text-properties fo:font-weight="bold"/></style:style>{numbers}</office:styles>'
        "<office:automatic-styles>"
        + "".join(
            _PAGE_STYLE.format(name=name, width=width, height=height, small=name.lower())
            for name, width, height in sizes
        )
        + "</office:automatic-styles><office:master-styles>"
        + "".join(_MASTER.format(name=name, foot=said, page=page, of=of) for name, _, _ in sizes)
        + "</office:master-styles></office:document-styles>"
    )


def _settings(pages: Sequence[Page]) -> str:
    """The head row of each sheet stays in sight."""
    items = (
        ("VerticalSplitMode", "short", 2),
        ("VerticalSplitPosition", "int", 1),
        ("HorizontalSplitMode", "short", 0),
        ("HorizontalSplitPosition", "int", 0),
        ("ActiveSplitRange", "short", 2),
        ("PositionTop", "int", 0),
        ("PositionBottom", "int", 1),
    )
    frozen = "".join(
        f'<config:config-item config:name="{name}" config:type="{kind}">{value}'
        "</config:config-item>"
        for name, kind, value in items
    )
    tables = "".join(
        f"<config:config-item-map-entry config:name={quoteattr(page.name)}>{frozen}"
        "</config:config-item-map-entry>"
        for page in pages
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-settings {_NAMESPACES}'
        ' xmlns:ooo="http://openoffice.org/2004/office" office:version="1.3"><office:settings>'
        '<config:config-item-set config:name="ooo:view-settings">'
        '<config:config-item-map-indexed config:name="Views"><config:config-item-map-entry>'
        '<config:config-item config:name="ViewId" config:type="string">view1'
        '</config:config-item><config:config-item-map-named config:name="Tables">'
        f"{tables}</config:config-item-map-named></config:config-item-map-entry>"
        "</config:config-item-map-indexed></config:config-item-set></office:settings>"
        "</office:document-settings>"
    )

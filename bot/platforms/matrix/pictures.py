"""A picture for a room that the bot makes: the first letters of its name on a colour of its own."""

from __future__ import annotations

import asyncio
import json
import re
from hashlib import sha256

_COLOURS = ("#1e5aa0", "#0f6e56", "#7a3e9d", "#a23b2d", "#5c6b00", "#8a4b08")
"""Dark enough for white letters (at least 4.5 to 1, WCAG 2.2)."""

SIDE_PX = 256

_TEMPLATE = """
#let data = json(bytes(sys.inputs.data))
#set page(width: 100pt, height: 100pt, margin: 0pt, fill: rgb(data.colour))
#set text(fill: white, size: 44pt, weight: "bold", font: "Libertinus Serif")
#align(center + horizon, data.letters)
"""


def initials(title: str) -> str:
    """Up to two letters: of the first two words, or of the only one."""
    words = re.findall(r"[^\W_]+", title)
    return "".join(word[0] for word in words[:2]).upper()


def draw(title: str) -> bytes:
    """The picture as a PNG, the same for the same title."""
    import typst  # 25 MB of machine code: loaded with the first picture, not at start-up

    colour = _COLOURS[sha256(title.encode()).digest()[0] % len(_COLOURS)]
    made = typst.Compiler(ignore_system_fonts=True).compile(
        _TEMPLATE.encode(),
        format="png",
        ppi=72 * SIDE_PX / 100,
        sys_inputs={"data": json.dumps({"colour": colour, "letters": initials(title)})},
    )
    if not isinstance(made, bytes):
        raise TypeError("a picture is one file")
    return made


async def room_picture(title: str) -> bytes:
    """The picture of a room; drawn beside everything else that goes on."""
    return await asyncio.to_thread(draw, title)

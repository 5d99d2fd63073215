"""The written procedure (Umlaufbeschluss): a resolution without a meeting.

Whoever votes may also object to the procedure; one objection ends it, and the item goes onto the
next agenda. A poll of this kind is a ``resolution`` whose settings say ``written``.
"""

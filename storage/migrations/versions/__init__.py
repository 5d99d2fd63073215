"""One file a version: ``<number>_<what>.py``; a file that was released is never changed."""

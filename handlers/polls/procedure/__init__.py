"""The rules of procedure, to be read in the chat."""

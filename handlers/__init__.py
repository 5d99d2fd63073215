"""What the bot decides: features that turn an event into a list of things to say."""

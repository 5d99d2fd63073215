"""What the bot remembers: tables, and questions and changes that take the transaction first."""

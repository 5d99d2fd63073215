"""What the commands of ``bot.cli`` do; one file each, imported only when it is called."""

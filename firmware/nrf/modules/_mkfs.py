# What the port runs where it finds no file system: nothing. boot.py formats a blank flash, and
# leaves a damaged file system alone.

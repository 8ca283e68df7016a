"""How many rows the victim has, and how many it writes between two commits."""

N_ROWS = 130
CHUNK = 50
N_SENT = 100

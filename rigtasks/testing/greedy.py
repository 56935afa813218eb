"""Shell lines that take more of the machine than is good for it, and bounds that they pass."""

from rigtasks.agent.sandbox import Bounds

SMALL = Bounds(memory_bytes=128 << 20, processes=100)
#: It doubles ten times and then stops, so that a machine survives on which nobody ends it.
FORK_BOMB = "b() { [ $1 -gt 9 ] || { b $(($1+1)) & b $(($1+1)) & }; sleep 20; }; b 0"
#: Each process stays far below the bound; together they pass it.
MEMORY_HOG = (
    "for _ in 1 2 3 4; do python -c "
    "'import time; x = bytes([1]) * (50 << 20); time.sleep(30)' & done; wait"
)

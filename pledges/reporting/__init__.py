"""How far the provinces are: coverage, rollups and files of them. Reads only; every figure comes from the counters."""

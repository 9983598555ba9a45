"""Copies of everything, putting one back, and the rehearsal that proves it."""

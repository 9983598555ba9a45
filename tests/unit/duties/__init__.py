"""Tests of the reports that agencies owe."""

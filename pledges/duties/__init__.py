"""The reports that agencies owe upwards: who owes what to whom by when, drafted, sent, received and consolidated."""

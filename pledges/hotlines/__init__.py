"""Whom to call about counterfeit goods and false advertising (row 7.6 of each plan): a public directory by province."""

"""The application, built from the environment."""

import gc

# Reading the program makes a million objects that stay: looking for garbage among them takes a sixth of the start.
gc.disable()

from pledges.app import create_app  # noqa: E402

app = create_app()
gc.freeze()
gc.enable()

"""The one port to the background queue: what may run, putting it into the queue, and the worker that runs it."""

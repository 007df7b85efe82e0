"""The outbox: letters owed, then sent at least once, in the order of their lanes.

Others use `services.queue`, `services.Mail` and the reads of `queries`.
"""

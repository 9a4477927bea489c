"""What can be learned from which data: one folder a task, named ``<data>_<task>``."""

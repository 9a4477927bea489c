"""One file a stage: reads files, writes files, and asks the task for what differs."""

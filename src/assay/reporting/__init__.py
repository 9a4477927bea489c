"""The report of any model: its page, sections, tables and plots."""

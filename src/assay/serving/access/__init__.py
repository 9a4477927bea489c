"""Who may ask the server what, how much and how fast, and the record of who did."""

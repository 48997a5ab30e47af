"""What happened: every way a log comes in, and where it rests."""

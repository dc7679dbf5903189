"""Sites and teams: how far they differ, and how alike people within them are."""

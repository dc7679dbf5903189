"""How training comes to work: path models and mediation, with modulators."""

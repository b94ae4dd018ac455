"""A local stand-in for one Sigma organization, to run the recipes without an account."""

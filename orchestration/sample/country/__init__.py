"""The synthetic country: its land, its people, its areas and their history."""

"""Long runs and large numbers: what ``make soak`` measures."""

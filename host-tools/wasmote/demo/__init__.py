"""`make demo`: an emulated board, an agent, real samples and a broker, from end to end."""

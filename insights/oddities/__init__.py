"""What is odd about the money: few findings, each with its reason. Pure: no database, no settings."""

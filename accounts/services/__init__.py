"""Everything that writes users, tokens, wrong-password counts and stored answers."""

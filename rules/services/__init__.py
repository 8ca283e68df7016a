"""What writes rules, and what rules write."""

"""What people say of findings, and how they are shown. How they are found is in `insights.oddities`."""

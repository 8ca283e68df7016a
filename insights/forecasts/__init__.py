"""The forecast of a month: what is read for it, and how it is shown. Its arithmetic is in `insights.forecasting`."""

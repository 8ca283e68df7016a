"""Cache and tasks in Redis, for instances that set CACHE_URL or TASKS_URL."""

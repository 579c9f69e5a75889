"""Object storage: pictures under URLs, read, enhanced and put in place by one idempotent step."""

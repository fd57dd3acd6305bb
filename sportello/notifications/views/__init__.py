"""How it is reached: the bell, subscriptions, preferences, critical notices, deliveries."""

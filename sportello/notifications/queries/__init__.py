"""What can be asked about subscriptions, notices and deliveries."""

"""What can be asked about critical notices: what one says, whom it reaches, who knows."""

"""Critical solution notices: written, confirmed by a second person, sent, corrected, withdrawn; and acknowledged."""

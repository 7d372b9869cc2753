"""What stood before recurrent networks: models without memory, and with a hidden state."""

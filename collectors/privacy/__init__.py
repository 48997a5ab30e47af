"""What must not be stored is taken out before anything is: detectors, actions by field, hashed user ids."""

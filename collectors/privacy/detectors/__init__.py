"""One file is one kind of personal data or secret; the file name is its name in [privacy.detect]."""

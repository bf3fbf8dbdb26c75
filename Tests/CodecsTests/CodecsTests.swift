// Codecs tests

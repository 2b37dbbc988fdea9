"""Processes that do for this one what might end them: native decoders, native engines, engines that may hang."""

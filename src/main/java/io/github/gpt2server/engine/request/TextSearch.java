package io.github.gpt2server.engine.request;

/** A search for texts in place of sampling, whose beams run in as many KV-cache slots. */
public sealed interface TextSearch permits BeamSearch, ContrastiveSearch {

  /** Number of beams. */
  int width();

  /** Number of texts that are found. */
  int results();
}

package io.github.gpt2server.api.openai.generation;

/** Descriptions, for the OpenAPI document, of the fields that all kinds of choices have. */
public final class ChoiceFields {
  public static final String STOP_REASON =
      "The stop string or token id that ended the text, or null.";

  public static final String STRUCTURED_MASS =
      "With return_structured_mass, in nats: the log-probability of all choices together, or for"
          + " each generated token the logarithm of the share of the probability that the form of"
          + " the text allowed.";

  private ChoiceFields() {}
}

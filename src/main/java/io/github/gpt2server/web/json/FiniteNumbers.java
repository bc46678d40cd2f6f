package io.github.gpt2server.web.json;

import tools.jackson.core.JsonGenerator;
import tools.jackson.core.util.JsonGeneratorDelegate;

/**
 * Writes no number that is none: Jackson writes NaN and infinity as strings, or bare, and a client
 * that expects numbers breaks on the one as on the other.
 */
final class FiniteNumbers extends JsonGeneratorDelegate {

  FiniteNumbers(JsonGenerator generator) {
    super(generator, false);
  }

  @Override
  public JsonGenerator writeNumber(double value) {
    require(Double.isFinite(value));
    super.writeNumber(value);
    return this;
  }

  @Override
  public JsonGenerator writeNumber(float value) {
    require(Float.isFinite(value));
    super.writeNumber(value);
    return this;
  }

  @Override
  public JsonGenerator writeArray(double[] values, int offset, int length) {
    for (int i = offset; i < offset + length; i++) {
      require(Double.isFinite(values[i]));
    }
    super.writeArray(values, offset, length);
    return this;
  }

  private void require(boolean finite) {
    if (!finite) {
      throw new NonFiniteNumberException(this);
    }
  }
}

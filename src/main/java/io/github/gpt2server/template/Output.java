package io.github.gpt2server.template;

/** The text that statements write. */
final class Output {
  private final StringBuilder text = new StringBuilder();
  private final Meter meter;

  Output(Meter meter) {
    this.meter = meter;
  }

  void append(String more) {
    meter.make(more.length());
    text.append(more);
  }

  String text() {
    return text.toString();
  }
}

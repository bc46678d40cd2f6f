package io.github.gpt2server.testing;

import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** The answer of {@code /metrics}, parsed by hand. */
public final class Scrape {
  private static final Pattern SAMPLE =
      Pattern.compile("([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\\{(.*)})? (\\S+)");
  private static final Pattern LABEL =
      Pattern.compile("([a-zA-Z_]\\w*)=\"((?:[^\"\\\\]|\\\\.)*)\"");
  private static final long PATIENCE_NANOS = 30_000_000_000L;

  private final String text;
  private final List<Sample> samples;

  /** A line that is no comment. */
  public record Sample(String name, Map<String, String> labels, double value) {}

  private Scrape(String text) {
    this.text = text;
    this.samples = text.lines().filter(line -> !line.startsWith("#")).map(Scrape::parse).toList();
  }

  public static Scrape of(LiveServer server) throws IOException {
    return of(server, "");
  }

  /** Asks with additional header lines, each with its end. */
  public static Scrape of(LiveServer server, String headers) throws IOException {
    try (RawHttp http = server.connect()) {
      RawHttp.Answer answer =
          http.send("GET /metrics HTTP/1.1\r\nHost: test\r\n" + headers + "\r\n").answer();
      if (answer.status() != 200) {
        throw new AssertionError(answer.status() + " " + answer.body());
      }
      return new Scrape(answer.body());
    }
  }

  /** Requests are counted when they are over, which their clients may know a moment before. */
  public static Scrape await(LiveServer server, Predicate<Scrape> wish)
      throws IOException, InterruptedException {
    return await(server, "", wish);
  }

  /** The same with additional header lines. */
  public static Scrape await(LiveServer server, String headers, Predicate<Scrape> wish)
      throws IOException, InterruptedException {
    long end = System.nanoTime() + PATIENCE_NANOS;
    Scrape scrape = of(server, headers);
    while (!wish.test(scrape)) {
      if (System.nanoTime() > end) {
        throw new AssertionError("it never came to that: " + scrape.text);
      }
      Thread.sleep(5);
      scrape = of(server, headers);
    }
    return scrape;
  }

  private static Sample parse(String line) {
    Matcher sample = SAMPLE.matcher(line);
    if (!sample.matches()) {
      throw new AssertionError("not a sample: " + line);
    }
    Map<String, String> labels = new HashMap<>();
    if (sample.group(2) != null) {
      Matcher label = LABEL.matcher(sample.group(2));
      while (label.find()) {
        labels.put(label.group(1), label.group(2));
      }
    }
    return new Sample(sample.group(1), labels, Double.parseDouble(sample.group(3)));
  }

  public String text() {
    return text;
  }

  public Set<String> names() {
    return samples.stream().map(Sample::name).collect(Collectors.toCollection(TreeSet::new));
  }

  public List<Sample> samples(String name) {
    return samples.stream().filter(sample -> sample.name().equals(name)).toList();
  }

  /** The sum of the samples of this name that have these labels: name, value, name, value... */
  public double value(String name, String... labels) {
    return samples(name).stream()
        .filter(
            sample -> {
              for (int i = 0; i < labels.length; i += 2) {
                if (!labels[i + 1].equals(sample.labels().get(labels[i]))) {
                  return false;
                }
              }
              return true;
            })
        .mapToDouble(Sample::value)
        .sum();
  }

  /** The boundaries of a histogram, as they are written, without the infinite one. */
  public List<String> boundaries(String name) {
    return samples(name + "_bucket").stream()
        .map(sample -> sample.labels().get("le"))
        .filter(boundary -> !boundary.equals("+Inf"))
        .distinct()
        .toList();
  }
}

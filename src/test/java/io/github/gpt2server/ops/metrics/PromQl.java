package io.github.gpt2server.ops.metrics;

import io.github.gpt2server.testing.Scrape;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What an expression of Prometheus asks for: the names of metrics and what it wants of their
 * labels. It is read with regular expressions, which is enough for expressions without comments and
 * without braces in strings.
 */
public final class PromQl {
  private static final Pattern SELECTOR =
      Pattern.compile("([a-zA-Z_:][a-zA-Z0-9_:]*)\\s*(?:\\{([^}]*)})?(?!\\s*\\(|[a-zA-Z0-9_:])");
  private static final Pattern MATCHER = Pattern.compile("(\\w+)\\s*(=~|!~|!=|=)\\s*\"([^\"]*)\"");
  private static final Pattern GROUPING =
      Pattern.compile("\\b(by|without|on|ignoring|group_left|group_right)\\s*\\(([^)]*)\\)");
  private static final Set<String> WORDS =
      Set.of("and", "or", "unless", "bool", "offset", "by", "without");

  private PromQl() {}

  /** What is wanted of a label. */
  public record Condition(String label, String operator, String value) {}

  /** A metric and the conditions on its labels. */
  public record Selector(String metric, List<Condition> conditions) {

    /** Returns whether a sample has the metric's name and fulfils every condition. */
    public boolean matches(Scrape.Sample sample, Set<String> unknown) {
      return sample.name().equals(metric)
          && conditions.stream()
              .filter(condition -> !unknown.contains(condition.label()))
              .allMatch(condition -> holds(condition, sample.labels()));
    }

    private static boolean holds(Condition condition, Map<String, String> labels) {
      String value = labels.getOrDefault(condition.label(), "");
      return switch (condition.operator()) {
        case "=" -> value.equals(condition.value());
        case "!=" -> !value.equals(condition.value());
        case "=~" -> value.matches(condition.value());
        default -> !value.matches(condition.value());
      };
    }
  }

  /**
   * The selectors of an expression; one for each alternative where a label may be one of several.
   */
  public static List<Selector> selectors(String expression) {
    String bare = GROUPING.matcher(expression).replaceAll(" ").replaceAll("\\[[^]]*]", " ");
    List<Selector> selectors = new ArrayList<>();
    Matcher selector = SELECTOR.matcher(bare);
    while (selector.find()) {
      if (!WORDS.contains(selector.group(1))) {
        addAlternatives(
            selectors,
            selector.group(1),
            conditions(selector.group(2) == null ? "" : selector.group(2)));
      }
    }
    return selectors;
  }

  /** The labels by which an expression groups. */
  public static List<String> groupings(String expression) {
    return GROUPING
        .matcher(expression)
        .results()
        .flatMap(match -> Pattern.compile("\\s*,\\s*").splitAsStream(match.group(2).strip()))
        .toList();
  }

  private static List<Condition> conditions(String text) {
    return MATCHER
        .matcher(text)
        .results()
        .map(match -> new Condition(match.group(1), match.group(2), match.group(3)))
        .toList();
  }

  private static void addAlternatives(
      List<Selector> selectors, String metric, List<Condition> conditions) {
    for (int i = 0; i < conditions.size(); i++) {
      Condition condition = conditions.get(i);
      if (condition.operator().equals("=~") && condition.value().matches("\\w+(\\|\\w+)+")) {
        for (String value : condition.value().split("\\|", -1)) {
          List<Condition> one = new ArrayList<>(conditions);
          one.set(i, new Condition(condition.label(), "=", value));
          addAlternatives(selectors, metric, one);
        }
        return;
      }
    }
    selectors.add(new Selector(metric, conditions));
  }
}

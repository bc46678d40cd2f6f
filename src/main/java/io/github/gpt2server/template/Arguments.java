package io.github.gpt2server.template;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The arguments of one call. Whatever takes them asks for each, and then checks for others. */
final class Arguments {
  private final String callee;
  private final List<Object> positional;
  private final Map<String, Object> named;
  private final Set<String> asked = new HashSet<>();
  private int most;

  Arguments(String callee, List<Object> positional, Map<String, Object> named) {
    this.callee = callee;
    this.positional = positional;
    this.named = named;
  }

  /** The argument at a position or with a name, or null if there is none. */
  Object find(int position, String name) {
    asked.add(name);
    most = Math.max(most, position + 1);
    return position < positional.size() ? positional.get(position) : named.get(name);
  }

  /** The argument, or a default. */
  Object get(int position, String name, Object absent) {
    Object value = find(position, name);
    return value == null ? absent : value;
  }

  /** The argument, which must be there. */
  Object require(int position, String name) {
    Object value = find(position, name);
    if (value == null) {
      throw new TemplateException("%s lacks the argument %s".formatted(callee, name));
    }
    return value;
  }

  /** The text argument, which must be there. */
  String text(int position, String name) {
    return Values.requireText(require(position, name), callee);
  }

  /** The integer argument, or a default. */
  long integer(int position, String name, long absent) {
    return Values.requireInteger(get(position, name, absent), callee);
  }

  /** The positional arguments from one on. */
  List<Object> rest(int from) {
    most = Integer.MAX_VALUE;
    return from < positional.size()
        ? new ArrayList<>(positional.subList(from, positional.size()))
        : new ArrayList<>();
  }

  /** The arguments by name that were not asked for. */
  Map<String, Object> otherNames() {
    Map<String, Object> others = new LinkedHashMap<>(named);
    others.keySet().removeAll(asked);
    asked.addAll(named.keySet());
    return others;
  }

  /** Checks that all arguments were asked for. */
  void end() {
    if (positional.size() > most) {
      throw new TemplateException(
          "%s takes at most %d arguments, but gets %d".formatted(callee, most, positional.size()));
    }
    for (String name : named.keySet()) {
      if (!asked.contains(name)) {
        throw new TemplateException("%s has no argument %s".formatted(callee, name));
      }
    }
  }
}

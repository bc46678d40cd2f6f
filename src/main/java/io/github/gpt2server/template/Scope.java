package io.github.gpt2server.template;

import java.time.Clock;
import java.util.HashMap;
import java.util.Map;

/**
 * The variables of a part of a template. As in Jinja2, what a loop or a macro sets is gone at its
 * end, and what stands around it is read.
 */
final class Scope {
  private final Scope outer;
  private final Meter meter;
  private final Clock clock;
  private final Map<String, Object> variables = new HashMap<>();

  private Scope(Scope outer, Meter meter, Clock clock) {
    this.outer = outer;
    this.meter = meter;
    this.clock = clock;
  }

  static Scope outermost(Map<String, ?> variables, Meter meter, Clock clock) {
    Scope scope = new Scope(null, meter, clock);
    scope.variables.putAll(variables);
    return scope;
  }

  Scope inner() {
    return new Scope(this, meter, clock);
  }

  Meter meter() {
    return meter;
  }

  Clock clock() {
    return clock;
  }

  void set(String name, Object value) {
    variables.put(name, value);
  }

  Object get(String name) {
    for (Scope scope = this; scope != null; scope = scope.outer) {
      Object value = scope.variables.get(name);
      if (value != null) {
        return value;
      }
    }
    Object global = Globals.NAMES.get(name);
    return global == null ? new Undefined("'" + name + "' is undefined") : global;
  }
}

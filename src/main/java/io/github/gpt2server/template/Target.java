package io.github.gpt2server.template;

import java.util.List;

/** What {@code set} and {@code for} assign to. */
sealed interface Target {

  void set(Object value, Scope scope);

  /** A variable. */
  record Variable(String name) implements Target {
    @Override
    public void set(Object value, Scope scope) {
      scope.set(name, value);
    }
  }

  /** A variable of a namespace. */
  record Attribute(String base, String name) implements Target {
    @Override
    public void set(Object value, Scope scope) {
      if (!(scope.get(base) instanceof Namespace namespace)) {
        throw new TemplateException(
            "%s.%s cannot be set: only attributes of a namespace() can".formatted(base, name));
      }
      namespace.variables().put(name, value);
    }
  }

  /** Several, each for one item of the value. */
  record Several(List<Target> targets) implements Target {
    @Override
    public void set(Object value, Scope scope) {
      List<Object> items = Values.items(value, scope.meter());
      if (items.size() != targets.size()) {
        throw new TemplateException(
            "%d items cannot be assigned to %d variables".formatted(items.size(), targets.size()));
      }
      for (int i = 0; i < targets.size(); i++) {
        targets.get(i).set(items.get(i), scope);
      }
    }
  }
}

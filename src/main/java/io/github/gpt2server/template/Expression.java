package io.github.gpt2server.template;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A part of a template that has a value. */
@FunctionalInterface
interface Expression {

  /** The value within a scope. */
  Object value(Scope scope);

  /** The value of an expression, counted as a step. */
  static Object of(Expression expression, Scope scope) {
    scope.meter().step();
    return expression.value(scope);
  }

  /** Returns whether the value is true. */
  static boolean isTrue(Expression expression, Scope scope) {
    return Values.isTrue(of(expression, scope));
  }

  /** A name. */
  record Name(String name) implements Expression {
    @Override
    public Object value(Scope scope) {
      return scope.get(name);
    }
  }

  /** A list, or a tuple. */
  record Items(List<Expression> items) implements Expression {
    @Override
    public Object value(Scope scope) {
      scope.meter().makeItems(items.size());
      List<Object> values = new ArrayList<>(items.size());
      items.forEach(item -> values.add(of(item, scope)));
      return values;
    }
  }

  /** A dict; keys and values run in parallel. */
  record Entries(List<Expression> keys, List<Expression> values) implements Expression {
    @Override
    public Object value(Scope scope) {
      scope.meter().makeItems(2L * keys.size());
      Map<Object, Object> map = new LinkedHashMap<>();
      for (int i = 0; i < keys.size(); i++) {
        map.put(Values.key(of(keys.get(i), scope)), of(values.get(i), scope));
      }
      return map;
    }
  }

  /** {@code base.name}. */
  record Attribute(Expression base, String name) implements Expression {
    @Override
    public Object value(Scope scope) {
      return Members.attribute(of(base, scope), name);
    }
  }

  /** {@code base[key]}. */
  record Item(Expression base, Expression key) implements Expression {
    @Override
    public Object value(Scope scope) {
      return Members.item(of(base, scope), of(key, scope), scope.meter());
    }
  }

  /** {@code base[start:stop:step]}. */
  record Slice(Expression base, Expression start, Expression stop, Expression step)
      implements Expression {
    @Override
    public Object value(Scope scope) {
      return Members.slice(
          of(base, scope), of(start, scope), of(stop, scope), of(step, scope), scope.meter());
    }
  }

  /** The arguments of a call as they are written. */
  record Given(List<Expression> positional, Map<String, Expression> named) {
    static final Given NONE = new Given(List.of(), Map.of());

    Arguments values(String callee, Scope scope) {
      List<Object> values = new ArrayList<>();
      positional.forEach(each -> values.add(of(each, scope)));
      Map<String, Object> byName = new LinkedHashMap<>();
      named.forEach((name, each) -> byName.put(name, of(each, scope)));
      return new Arguments(callee, values, byName);
    }
  }

  /** A call of a function, a method or a macro. */
  record Call(Expression callee, String name, Given given) implements Expression {
    @Override
    public Object value(Scope scope) {
      return call(of(callee, scope), given.values(name, scope), scope);
    }

    Object call(Object function, Arguments arguments, Scope scope) {
      if (function instanceof Undefined undefined) {
        throw undefined.error();
      }
      if (!(function instanceof Function callable)) {
        throw new TemplateException(
            "%s is a %s, which cannot be called".formatted(name, Values.typeName(function)));
      }
      scope.meter().enter();
      Object result = callable.call(scope, arguments);
      scope.meter().leave();
      return result;
    }
  }

  /** {@code base|name(...)}. */
  record Filtered(Expression base, String name, Filters.Filter filter, Given given)
      implements Expression {
    @Override
    public Object value(Scope scope) {
      return apply(of(base, scope), scope);
    }

    Object apply(Object value, Scope scope) {
      Arguments arguments = given.values(name, scope);
      Object result = filter.apply(scope, value, arguments);
      arguments.end();
      return result;
    }
  }

  /** {@code base is name ...}. */
  record Tested(Expression base, String name, Tests.Test test, Given given, boolean negated)
      implements Expression {
    @Override
    public Object value(Scope scope) {
      Arguments arguments = given.values(name, scope);
      boolean result = test.test(scope, of(base, scope), arguments);
      arguments.end();
      return result != negated;
    }
  }

  /** {@code a < b == c}: each operator with the value on its right. */
  record Comparison(Expression first, List<String> operators, List<Expression> others)
      implements Expression {
    @Override
    public Object value(Scope scope) {
      Object left = of(first, scope);
      for (int i = 0; i < operators.size(); i++) {
        Object right = of(others.get(i), scope);
        if (!holds(operators.get(i), left, right, scope.meter())) {
          return false;
        }
        left = right;
      }
      return true;
    }

    static boolean holds(String operator, Object a, Object b, Meter meter) {
      return switch (operator) {
        case "==" -> Values.equal(a, b, meter);
        case "!=" -> !Values.equal(a, b, meter);
        case "in" -> Values.contains(b, a, meter);
        case "not in" -> !Values.contains(b, a, meter);
        case "<" -> Values.compare(a, b, meter) < 0;
        case "<=" -> Values.compare(a, b, meter) <= 0;
        case ">" -> Values.compare(a, b, meter) > 0;
        default -> Values.compare(a, b, meter) >= 0;
      };
    }
  }

  /** {@code a ~ b ~ c}. */
  record Joined(List<Expression> parts) implements Expression {
    @Override
    public Object value(Scope scope) {
      Output output = new Output(scope.meter());
      parts.forEach(part -> output.append(Texts.of(of(part, scope), scope.meter())));
      return output.text();
    }
  }
}

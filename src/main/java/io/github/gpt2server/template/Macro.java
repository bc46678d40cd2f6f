package io.github.gpt2server.template;

import java.util.List;

/**
 * A macro as it is written.
 *
 * @param defaults values of the last parameters
 */
record Macro(
    String name, List<String> parameters, List<Expression> defaults, List<Statement> body) {

  /** The macro as a function that sees the variables of a scope. */
  Bound in(Scope scope) {
    return new Bound(this, scope, null);
  }

  /** A macro in its scope; the caller is null outside of {@code call}. */
  record Bound(Macro macro, Scope definition, Function caller) implements Function {

    Bound with(Function newCaller) {
      return new Bound(macro, definition, newCaller);
    }

    @Override
    public Object call(Scope scope, Arguments arguments) {
      Scope inner = definition.inner();
      int required = macro.parameters.size() - macro.defaults.size();
      for (int i = 0; i < macro.parameters.size(); i++) {
        String parameter = macro.parameters.get(i);
        Object value = arguments.find(i, parameter);
        if (value == null) {
          value =
              i < required
                  ? new Undefined("parameter '" + parameter + "' was not provided")
                  : Expression.of(macro.defaults.get(i - required), inner);
        }
        inner.set(parameter, value);
      }
      arguments.end();
      if (caller != null) {
        inner.set("caller", caller);
      }
      return Statement.text(macro.body, inner);
    }
  }
}

package io.github.gpt2server.template;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A part of a template that writes text or sets variables. */
@FunctionalInterface
interface Statement {

  /** The way in which a statement ends. */
  enum Flow {
    NEXT,
    BREAK,
    CONTINUE
  }

  /** Runs the statement. */
  Flow run(Scope scope, Output out);

  /** Runs statements up to the first that ends its loop's body. */
  static Flow all(List<Statement> statements, Scope scope, Output out) {
    for (Statement statement : statements) {
      scope.meter().step();
      Flow flow = statement.run(scope, out);
      if (flow != Flow.NEXT) {
        return flow;
      }
    }
    return Flow.NEXT;
  }

  /** The text that statements write. */
  static String text(List<Statement> statements, Scope scope) {
    Output out = new Output(scope.meter());
    all(statements, scope, out);
    return out.text();
  }

  /** Text between tags. */
  record Text(String text) implements Statement {
    @Override
    public Flow run(Scope scope, Output out) {
      out.append(text);
      return Flow.NEXT;
    }
  }

  /** An expression whose value is written. */
  record Print(Expression expression) implements Statement {
    @Override
    public Flow run(Scope scope, Output out) {
      out.append(Texts.of(Expression.of(expression, scope), scope.meter()));
      return Flow.NEXT;
    }
  }

  /** {@code if}, {@code elif} and {@code else}: the last branch may have no condition. */
  record If(List<Expression> conditions, List<List<Statement>> branches) implements Statement {
    @Override
    public Flow run(Scope scope, Output out) {
      for (int i = 0; i < branches.size(); i++) {
        if (i == conditions.size() || Expression.isTrue(conditions.get(i), scope)) {
          return all(branches.get(i), scope, out);
        }
      }
      return Flow.NEXT;
    }
  }

  /** {@code for}; the condition is null where there is none. */
  record For(
      Target target,
      Expression iterable,
      Expression condition,
      List<Statement> body,
      List<Statement> otherwise)
      implements Statement {
    @Override
    public Flow run(Scope scope, Output out) {
      List<Object> items = Values.items(Expression.of(iterable, scope), scope.meter());
      if (condition != null) {
        items = selected(items, scope);
      }
      if (items.isEmpty()) {
        return all(otherwise, scope.inner(), out);
      }
      long depth = scope.get("loop") instanceof Loop outer ? outer.depth() + 1 : 1;
      Loop loop = new Loop(items, depth);
      Flow flow = Flow.NEXT;
      for (int i = 0; i < items.size() && flow != Flow.BREAK; i++) {
        scope.meter().step();
        loop.at(i);
        Scope inner = scope.inner();
        inner.set("loop", loop);
        target.set(items.get(i), inner);
        flow = all(body, inner, out);
      }
      return Flow.NEXT;
    }

    private List<Object> selected(List<Object> items, Scope scope) {
      scope.meter().makeItems(items.size());
      List<Object> selected = new ArrayList<>();
      for (Object item : items) {
        Scope inner = scope.inner();
        target.set(item, inner);
        if (Expression.isTrue(condition, inner)) {
          selected.add(item);
        }
      }
      return selected;
    }
  }

  /** {@code set target = value}. */
  record Assign(Target target, Expression value) implements Statement {
    @Override
    public Flow run(Scope scope, Output out) {
      target.set(Expression.of(value, scope), scope);
      return Flow.NEXT;
    }
  }

  /** {@code set target} with the text up to {@code endset}, through filters. */
  record Capture(Target target, List<Statement> body, List<Expression.Filtered> filters)
      implements Statement {
    @Override
    public Flow run(Scope scope, Output out) {
      target.set(filtered(text(body, scope.inner()), filters, scope), scope);
      return Flow.NEXT;
    }
  }

  /** {@code filter name} with the text up to {@code endfilter}. */
  record FilterBlock(List<Statement> body, List<Expression.Filtered> filters) implements Statement {
    @Override
    public Flow run(Scope scope, Output out) {
      Object value = filtered(text(body, scope.inner()), filters, scope);
      out.append(Texts.of(value, scope.meter()));
      return Flow.NEXT;
    }
  }

  /** {@code with}: variables for the statements up to {@code endwith}. */
  record With(Map<String, Expression> variables, List<Statement> body) implements Statement {
    @Override
    public Flow run(Scope scope, Output out) {
      Scope inner = scope.inner();
      variables.forEach((name, value) -> inner.set(name, Expression.of(value, scope)));
      return all(body, inner, out);
    }
  }

  /** {@code generation}: marks the model's part for training; here its statements alone count. */
  record Generation(List<Statement> body) implements Statement {
    @Override
    public Flow run(Scope scope, Output out) {
      return all(body, scope, out);
    }
  }

  /** {@code macro}. */
  record DefineMacro(Macro macro) implements Statement {
    @Override
    public Flow run(Scope scope, Output out) {
      scope.set(macro.name(), macro.in(scope));
      return Flow.NEXT;
    }
  }

  /** {@code call}: a call of a macro, which writes the statements by calling {@code caller()}. */
  record CallBlock(Expression.Call call, Macro caller) implements Statement {
    @Override
    public Flow run(Scope scope, Output out) {
      Object function = Expression.of(call.callee(), scope);
      if (!(function instanceof Macro.Bound macro)) {
        throw new TemplateException("{% call %} needs a macro");
      }
      Function bound = macro.with(caller.in(scope));
      Object value = call.call(bound, call.given().values(call.name(), scope), scope);
      out.append(Texts.of(value, scope.meter()));
      return Flow.NEXT;
    }
  }

  private static Object filtered(Object value, List<Expression.Filtered> filters, Scope scope) {
    for (Expression.Filtered filter : filters) {
      value = filter.apply(value, scope);
    }
    return value;
  }
}
